package flowtrace

import (
	"fmt"
	"time"
)

// How a flow stands.
const (
	Connected = "connected"   // its token was used
	Issued    = "issued"      // it has a token, and where that is used is not seen from here
	Stopped   = "refused"     // a step was refused, and nothing came after it
	Faulty    = "failed"      // by our fault
	Underway  = "under way"   // what comes next may still come
	Ended     = "never came"  // what should have come next did not
	Looked    = "only looked" // somebody read the metadata and did nothing with it
)

// A Verdict is what a flow comes to: how it stands, at which step, why, and what
// to do.
type Verdict struct {
	Result string
	At     Kind
	Said   string
	ToDo   string
}

// Facts are what a verdict needs to know and no flow holds.
type Facts struct {
	Now time.Time
	// Elsewhere reports whether a resource is guarded elsewhere, where its calls
	// are not seen from here.
	Elsewhere func(resource string) bool
	// Again is how often a client like it registered within an hour, besides: see
	// [Flow.Alike].
	Again int
}

// How long the next step may take before it is missed.
const (
	patience      = 2 * time.Minute  // of a program
	patienceHuman = 10 * time.Minute // of a person
	often         = 5                // registrations that are too many
)

// Verdict reads a flow. What never came is not stored: it follows from what is
// there and from the time.
func (f Flow) Verdict(facts Facts) Verdict {
	steps := f.List()
	if len(steps) == 0 {
		return Verdict{Result: Ended, Said: "Nothing of it was kept."}
	}
	furthest := furthestOf(steps)
	switch furthest.Outcome {
	case Refused:
		if furthest.Kind == SignIn { // the person tries again
			return f.missing(furthest, facts, Verdict{Result: Stopped, At: SignIn, Said: furthest.Said, ToDo: furthest.ToDo})
		}
		return Verdict{Stopped, furthest.Kind, furthest.Said, furthest.ToDo}
	case Failed:
		return Verdict{Faulty, furthest.Kind, furthest.Said, furthest.ToDo}
	}
	if n := registrations(steps) + facts.Again; furthest.Kind == Registration && n >= often {
		return Verdict{Ended, Registration, fmt.Sprintf("The same client registered %d times within an hour, and nobody was asked to allow it.", n),
			"The client forgets its registration, or cannot open a browser. Update it, or give it a client_id of its own in the settings, under clients."}
	}
	return f.missing(furthest, facts, absent[furthest.Said])
}

// missing is v once the step that should follow has had its time.
func (f Flow) missing(last Step, facts Facts, v Verdict) Verdict {
	wait := patience
	switch last.Kind {
	case Authorize, SignIn, Consent:
		wait = patienceHuman
	case Call:
		return Verdict{Result: Connected, At: Call, Said: last.Said}
	case Token:
		if facts.Elsewhere != nil && facts.Elsewhere(f.Resource) {
			return Verdict{Result: Issued, At: Token, Said: last.Said + " Its resource is guarded elsewhere: whether it was used there is not seen from here."}
		}
	}
	if facts.Now.Sub(last.At) < wait {
		return Verdict{Result: Underway, At: last.Kind, Said: last.Said, ToDo: last.ToDo}
	}
	if v.Said == "" {
		v = byKind[last.Kind]
	}
	if v.Result == "" {
		v.Result = Ended
	}
	v.At = last.Kind
	return v
}

// furthestOf is how far it got, or what stopped it.
func furthestOf(steps []Step) Step {
	furthest := steps[0]
	for _, s := range steps {
		// What a server behind it could not have says nothing of the connection itself.
		if s.Kind == Exchange {
			continue
		}
		if s.Outcome == Refused || s.Outcome == Failed {
			furthest = s
			continue
		}
		// What is looked at once more, while a person signs in, is not how far it got.
		if s.Kind != Discovery || furthest.Kind == Discovery && furthest.Outcome != Refused {
			furthest = s
		}
	}
	return furthest
}

// Alike counts the registrations in those of the others that began within an hour
// of f, were of a client of the same id or name, and came to nothing either.
func (f Flow) Alike(others []Flow) int {
	n := 0
	for _, o := range others {
		if o.ID == f.ID || o.Started.Sub(f.Started).Abs() > time.Hour {
			continue
		}
		if (f.ClientID == "" || o.ClientID != f.ClientID) && (f.ClientName == "" || o.ClientName != f.ClientName) {
			continue
		}
		if steps := o.List(); len(steps) > 0 && furthestOf(steps).Kind == Registration {
			n += registrations(steps)
		}
	}
	return n
}

func registrations(steps []Step) int {
	n := 0
	for _, s := range steps {
		if s.Kind == Registration && s.Outcome == OK {
			n += max(1, int(s.Count))
		}
	}
	return n
}

// absent are what is said when nothing came after a step, by its sentence.
var absent = map[string]Verdict{
	string(ShownSignIn):       byKind[SignIn],
	string(SignedIn):          {Said: "The person signed in, and never came to the consent page.", ToDo: "Their browser may not keep cookies, or was closed. Connect again."},
	string(ShownConsent):      byKind[Consent],
	string(Allowed):           {Said: "The person allowed it, and no code was sent.", ToDo: "Connect again; the server's log has what went wrong."},
	string(ConsentRemembered): {Said: "The person was not asked again, and no code was sent.", ToDo: "Connect again; the server's log has what went wrong."},
}

// byKind are what is said when nothing came after a step.
var byKind = map[Kind]Verdict{
	Discovery: {Result: Looked, Said: "Somebody read the metadata, and did not go on.",
		ToDo: "If this was a client that should connect: it may have no way to register here (registration.dynamic), may not understand this server's metadata, or may go on from another address, and is then a flow of its own. `sallyport doctor` shows what it sees."},
	Document: {Said: "The client was looked up, and nobody was asked."},
	Registration: {Said: "The client registered, and never asked for permission.",
		ToDo: "It should have opened a browser. Look whether it printed an address to open, and whether a pop-up was blocked."},
	Authorize: {Said: "The person was sent to sign in, and the page was never opened.",
		ToDo: "The browser did not follow the redirect. If a proxy stands in front, look whether it passes /login with a long query on."},
	SignIn: {Said: "The sign-in page was shown, and nobody signed in.",
		ToDo: "Ask the person: perhaps they have no password here. `sallyport users list` shows who there is; `sallyport users set-password` gives a new one."},
	Consent: {Said: "The consent page was shown, and nothing was pressed.",
		ToDo: "Ask the person: perhaps the page frightened them, or they were called away. Connect again."},
	Code: {Said: "The browser was sent back to the client with a code, and the client never came for its token.",
		ToDo: "The redirect did not arrive. For a program on a computer: it was closed, or another program or a firewall has its port, or the browser ran on another computer. For a hosted client: it refused the answer; connect again and look at what it shows."},
	Token: {Said: "A token was issued, and never used.",
		ToDo: "The client's calls do not arrive. Most often a firewall or a CDN in front takes them for a bot: let POST requests to the MCP URL pass. Or the client calls another URL than the one that it connected to."},
	Refresh: {Said: "It was refreshed."},
}
