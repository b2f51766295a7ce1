-- A code that was issued before the person withdrew its grant makes no other: what
-- was revoked since is looked up by the person. Neither a new grant nor a refresh
-- touches this index.
CREATE INDEX grants_revoked_by_subject ON grants (subject, revoked_at) WHERE revoked_at IS NOT NULL;
