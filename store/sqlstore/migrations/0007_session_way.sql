-- How the person of a session signed in. Until now there were passwords only.
ALTER TABLE sessions ADD COLUMN way TEXT NOT NULL DEFAULT 'local';
