// Books an appointment with nothing but the generated client: node book.js URL KEY
import { createClient } from './jump/client/index.js';
import {
  confirmHold,
  createHold,
  createPatient,
  listAppointmentTypes,
  listAvailability,
} from './jump/index.js';
import type { Appointment, FreeSlot } from './jump/index.js';

const [url = '', key = ''] = process.argv.slice(2);
const client = createClient({ auth: key, baseUrl: `${url}/api/v1`, throwOnError: true });

function day(after: number): string {
  return new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);
}

const types = await listAppointmentTypes({ client, query: { is_active: true, allow_online_booking: true }, throwOnError: true });
let found: { type: string; slot: FreeSlot } | undefined;
for (const type of types.data.data) {
  const query = { appointment_type_id: type.id, date_from: day(0), date_to: day(14) };
  const free = await listAvailability({ client, query, throwOnError: true });
  const slots = Array.isArray(free.data.data) ? free.data.data : free.data.data.slots;
  if (slots[0] && !found) found = { type: type.id, slot: slots[0] };
}
if (!found) throw new Error('Nothing is free.');

const { slot } = found;
const held = await createHold({
  client,
  body: {
    appointment_type_id: found.type,
    clinician_id: slot.clinician_id,
    is_remote: slot.is_remote,
    location_id: slot.location_id,
    start_time: slot.start_time,
  },
  throwOnError: true,
});
const patient = await createPatient({
  client,
  body: { first_name: 'Grace', last_name: 'Hopper', date_of_birth: '1984-12-09', email: 'grace@example.org' },
  throwOnError: true,
});
const booked = await confirmHold({
  client,
  path: { id: held.data.data.id },
  body: { patient_id: patient.data.data.id },
  headers: { 'Idempotency-Key': held.data.data.id },
  throwOnError: true,
});
const appointment: Partial<Appointment> = booked.data.data;
console.log(JSON.stringify(appointment));
