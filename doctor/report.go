package doctor

import "time"

// A Report is what an examination found out.
type Report struct {
	// Version is that of this form as JSON: 1. New members do not change it.
	Version  int       `json:"version"`
	URL      string    `json:"url"` // the MCP server, as it was given
	At       time.Time `json:"at"`
	Requests int       `json:"requests"` // how many were made
	// Server is what the MCP server calls itself, where it said so.
	Server   string    `json:"server,omitempty"`
	SignedIn bool      `json:"signed_in"`
	Verdicts []Verdict `json:"verdicts"`
	// Findings are in the order of the steps, the gravest of a step first.
	Findings []Finding `json:"findings"`
	// Right is what was looked at and is as it should be, in words.
	Right []string `json:"right"`
	// Trace is every request, in the order in which they were made, so that a
	// reader can follow what the doctor did.
	Trace []Exchange `json:"trace"`
}

// An Outcome is what will become of a client.
type Outcome string

// The outcomes, best first.
const (
	Connects  Outcome = "connects"
	Cautioned Outcome = "connects with a caution"
	WillNot   Outcome = "will not connect"
)

// A Verdict says what becomes of one client, and where.
type Verdict struct {
	Client  string  `json:"client"` // its name for people
	ID      string  `json:"id"`
	Outcome Outcome `json:"outcome"`
	// Step is where it ends; empty where it connects.
	Step Step `json:"step,omitempty"`
	// Because are the ids of the findings that decide, in order.
	Because []string `json:"because,omitempty"`
	// Path is how the client finds its way: what it uses at each step.
	Path []string `json:"path,omitempty"`
}

// A Severity says how grave a finding is.
type Severity string

const (
	// Fault: a client that needs it does not connect.
	Fault Severity = "fault"
	// Caution: a client that needs it connects, and may stumble later.
	Caution Severity = "caution"
	// Danger: a hole. Clients connect, and so may others.
	Danger Severity = "danger"
	// Note: worth knowing; nothing is wrong.
	Note Severity = "note"
)

// A Step is a stage on a client's way to a tool.
type Step string

// The steps, in the order in which a client takes them.
const (
	StepReach     Step = "reach the server"
	StepChallenge Step = "be asked to sign in"
	StepResource  Step = "find the resource's metadata"
	StepServer    Step = "find the authorization server's metadata"
	StepRegister  Step = "register"
	StepAuthorize Step = "send the person to sign in"
	StepToken     Step = "get a token"
	StepCall      Step = "call the MCP server"
	StepUse       Step = "use its tools"
)

var steps = []Step{
	StepReach, StepChallenge, StepResource, StepServer, StepRegister, StepAuthorize, StepToken, StepCall, StepUse,
}

// A Kind of finding: what is the same whenever it is found.
type Kind struct {
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	Step     Step     `json:"step"`
	// Breaks is the need of a client that is not met. Empty: everybody's; "-":
	// no client's, but somebody else's, who is named in Whom.
	Breaks string `json:"breaks,omitempty"`
	// Whom says who is concerned, where that is not the clients.
	Whom  string `json:"whom,omitempty"`
	Title string `json:"title"`
	Rule  string `json:"rule"` // the standard and its section, and what it says
	Mend  string `json:"mend"`
}

// A Finding is one thing that was found.
type Finding struct {
	Kind
	What     string     `json:"what"`            // what was seen here
	Hurts    []string   `json:"hurts,omitempty"` // ids of the clients that stumble over it
	Evidence []Exchange `json:"evidence,omitempty"`

	only  []string // the clients that it is about; nil: those with the need
	shown []*exchange
}

// An Exchange is a request and its answer as they may be shown: without
// secrets, cut to a readable length, and with nothing in them that a terminal
// would obey.
type Exchange struct {
	Purpose  string   `json:"purpose"`
	Method   string   `json:"method"`
	URL      string   `json:"url"`
	Sent     []string `json:"sent,omitempty"` // header fields, "Name: value"
	Body     string   `json:"body,omitempty"`
	Status   int      `json:"status,omitempty"` // 0: there was no answer
	Received []string `json:"received,omitempty"`
	Answer   string   `json:"answer,omitempty"`
	Problem  string   `json:"problem,omitempty"` // why there was no answer
	// Redirects are the addresses that the request was sent on to.
	Redirects    []string `json:"redirects,omitempty"`
	Milliseconds int64    `json:"milliseconds"`
}
