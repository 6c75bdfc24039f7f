-- When schedules are due.
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SELECT takeout.next_runs('30 6 * * mon-fri', 'Europe/Helsinki', 3, '2026-11-27 12:00Z');
SELECT takeout.next_runs('@monthly', n => 2, after => '2026-11-01 00:00Z');
-- The clocks skip 03:00 to 04:00, and show it twice.
SELECT takeout.next_runs('30 3 * * *', 'Europe/Helsinki', 3, '2026-03-28 00:00Z');
SELECT takeout.next_runs('30 3 * * *', 'Europe/Helsinki', 3, '2026-10-24 00:00Z');
SELECT takeout.next_runs('0 0 29 2 *', n => 3, after => '2090-01-01');
SELECT count(*) FROM takeout.next_runs('0 0 31 12 *', after => '9995-01-01');
SELECT count(*) FROM takeout.next_runs(NULL);
SELECT takeout.next_runs('30 6 * * mon-fry');
SELECT takeout.next_runs('30 6 * *');
SELECT takeout.next_runs('@reboot');
SELECT takeout.next_runs('@daily', 'Mars/Base');
SELECT takeout.next_runs('@daily', n => 0);
SELECT takeout.next_runs('@daily', after => 'infinity');
