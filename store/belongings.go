package store

import "context"

// MaxBelonging is how long a belonging may be, in bytes.
const MaxBelonging = 64 << 10

// A Belonging is what one of the MCP servers that ship with the product keeps for
// a person: a game of chess. A person has at most one at each resource.
type Belonging struct {
	Resource string // the id of the resource
	Subject  string // whose it is
	// Version counts the writes, from 1; 0 where nothing is kept. It never goes
	// back while the person is there, so whoever names a version names a content.
	Version int64
	Content []byte // UTF-8 without NUL, at most [MaxBelonging]; what it says is the server's own affair
}

// Belongings remembers what built-in servers keep for people.
type Belongings interface {
	// Belonging returns what somebody who is not disabled has at a resource.
	Belonging(ctx context.Context, resource, subject string) (Belonging, error)

	// Keep saves b.Content, if b.Version still is what is stored (0: nothing is),
	// and its subject is known and not disabled, and reports whether it did. It is
	// one version further on then. Of any number of callers that have read the same
	// version, in any number of processes, one succeeds. A content that is too long
	// is an error.
	Keep(ctx context.Context, b Belonging) (bool, error)
}
