-- The registered clients in the order of their last use: what is to go when there
-- is no room is found without a look at the others.
CREATE INDEX clients_by_use ON clients (source, last_used_at, id);
DROP INDEX clients_by_source;
