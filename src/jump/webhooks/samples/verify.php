<?php

// $header is X-Webhook-Signature; $body is the exact bytes that came, before any parsing:
// file_get_contents('php://input').
function is_from_jump(string $secret, string $header, string $body): bool
{
    $sent = '';
    $signatures = [];
    foreach (explode(',', $header) as $part) {
        [$name, $value] = explode('=', "$part=");
        if ($name === 't') {
            $sent = $value;
        } elseif ($name === 'v1') {
            $signatures[] = $value;
        }
    }
    if (!preg_match('/\A[0-9]{1,12}\z/', $sent) || abs(time() - (int) $sent) > 300) {
        return false;
    }
    $made = hash_hmac('sha256', "$sent.$body", $secret);
    foreach ($signatures as $signature) {
        if (hash_equals($made, $signature)) {
            return true;
        }
    }
    return false;
}
