-- A row is what a built-in server keeps for a person. A write names the version
-- that it has read.
CREATE TABLE belongings (
	subject  TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	resource TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	version  BIGINT NOT NULL,
	content  TEXT NOT NULL,
	PRIMARY KEY (subject, resource)
);
