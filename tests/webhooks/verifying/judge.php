<?php

error_reporting(E_ALL);
require 'verify.php';
while (($line = fgets(STDIN)) !== false) {
    [$secret, $header, $body] = explode("\t", rtrim($line, "\n"));
    echo is_from_jump($secret, $header, base64_decode($body)) ? "yes\n" : "no\n";
}
