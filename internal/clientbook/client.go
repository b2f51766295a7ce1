package clientbook

// A Client is a program that connects to MCP servers.
type Client struct {
	ID   string `yaml:"-"`    // the name of its file: "claude-code"
	Name string `yaml:"name"` // "Claude Code"
	// About is one sentence for people who do not know it.
	About string `yaml:"about"`
	Runs  Place  `yaml:"runs"`
	// Rank orders the clients for people: the lowest comes first.
	Rank    int      `yaml:"rank"`
	Sources []string `yaml:"sources"` // where this was learned, for who checks it
	Add     Add      `yaml:"add"`
	// Connections are the ways in which it connects; the first is the one it
	// takes at a server that supports everything.
	Connections []Connection `yaml:"connections"`
	Troubles    []Trouble    `yaml:"troubles"`
}

// A Place is where a client sends its requests from.
type Place string

const (
	// Here is the person's own computer: it reaches servers there.
	Here Place = "here"
	// Hosted is the vendor's servers: they reach public addresses only.
	Hosted Place = "hosted"
	// Anywhere is a server that somebody runs, on their computer or elsewhere.
	Anywhere Place = "anywhere"
)

// Evidence says how something is known.
type Evidence string

const (
	Documented Evidence = "documented" // by the vendor, in words, source or a published file
	Observed   Evidence = "observed"   // on the wire, by somebody who published it
	Assumed    Evidence = "assumed"    // nobody said so; it is what the MCP specification or the like suggests
)

// Add is how a person adds a server. Link and the text and copy of each step
// are filled in with [Client.Guide].
type Add struct {
	Evidence Evidence `yaml:"evidence"`
	Link     string   `yaml:"link"` // opens the client; empty: it has none
	Steps    []Step   `yaml:"steps"`
}

// A Step is a sentence, in which text between backquotes is code, and what to
// copy; either may be empty.
type Step struct {
	Text string `yaml:"text"`
	Copy string `yaml:"copy"`
}

// A Trouble is what people see, why, and what to do about it. Text between
// backquotes is code.
type Trouble struct {
	Sees string `yaml:"sees"`
	Why  string `yaml:"why"`
	Mend string `yaml:"mend"`
}
