-- What an upstream last said of somebody that decides whether they may come in, as
-- JSON. NULL: they came before it was kept.
ALTER TABLE identities ADD COLUMN standing TEXT;
