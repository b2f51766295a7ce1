package doctor

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

// choosing are needs by which a client chooses between its connections: where
// one is not met it takes another way, and does not fail.
var choosing = []clientbook.Need{
	clientbook.NeedDocuments, clientbook.NeedNone, clientbook.NeedPrivateKeyJWT, clientbook.NeedRegistration,
}

// ofConnection are needs that only the connection has on which they stand; any
// other is the client's, whichever way it takes.
var ofConnection = append(slices.Clone(choosing),
	clientbook.NeedSecret, clientbook.NeedNoNulls, clientbook.NeedEveryRedirect, clientbook.NeedAnyPort, clientbook.NeedOffline)

// nobody is who stumbles over what matters to no client.
const nobody = "-"

// A way is how one client gets through, as far as it gets.
type way struct {
	client     clientbook.Client
	connection clientbook.Connection
	needs      []clientbook.Need
	path       []string
	stuck      Step // where there is no way on, whatever the findings say
	// byHand says that it gets in with a client ID that the operator hands out,
	// and in no other way.
	byHand bool
}

// follow finds the way of a client, from what was seen alone: the first of its
// connections that this server lets it take, or else the one that gets furthest.
func follow(o *observations, c clientbook.Client) way {
	var best way
	for i, n := range c.Connections {
		w := way{client: c, connection: n, needs: slices.Clone(n.Needs)}
		w.take(o)
		if i == 0 || best.stuck != "" && (w.stuck == "" || stepAt(w.stuck) > stepAt(best.stuck)) {
			best = w
		}
	}
	best.takeByHand()
	if slices.Contains(registered(best.connection), best.connection.Redirect) {
		// It registers the port on which it listens.
		best.needs = slices.DeleteFunc(best.needs, func(n clientbook.Need) bool { return n == clientbook.NeedAnyPort })
	}
	for _, n := range c.Connections {
		for _, need := range n.Needs {
			if !slices.Contains(ofConnection, need) && !slices.Contains(best.needs, need) {
				best.needs = append(best.needs, need)
			}
		}
	}
	return best
}

// takeByHand is for a client that cannot make itself known here, and has fields
// for a client ID.
func (w *way) takeByHand() {
	for _, n := range w.client.Connections {
		if w.stuck == StepRegister && n.Registration.Kind == clientbook.Static {
			w.connection, w.needs = n, slices.Clone(n.Needs)
			w.stuck, w.byHand = "", true
			w.path = append(w.path, strings.ToLower(n.Title[:1])+n.Title[1:])
		}
	}
}

// registered are the redirect URIs that the server learns of.
func registered(n clientbook.Connection) []string {
	var d struct {
		URIs []string `json:"redirect_uris"`
	}
	_ = json.Unmarshal([]byte(n.Registration.Document+n.Registration.Request), &d) // there is one or none of them
	return d.URIs
}

// take follows one connection up to where the person is sent to sign in.
func (w *way) take(o *observations) {
	if !o.protected() {
		w.path = []string{"nobody has to sign in"}
		return
	}
	if len(w.connection.Discovery.Resource) == 0 {
		// MCP 2025-03-26: the origin of the MCP URL is the issuer.
		if o.prm.found() || !o.fallback.usable() {
			w.stuck = StepResource
			return
		}
		w.path = append(w.path, "without metadata of the resource, from the MCP server's origin (MCP 2025-03-26)")
	} else if !w.findResource(o) {
		w.stuck = StepResource
		return
	}
	switch {
	case o.as == nil && !(len(w.connection.Discovery.Server) == 0 && o.fallback.usable()):
		w.stuck = StepServer
	case !o.offers(w.connection):
		w.stuck = StepRegister
	default:
		w.path = append(w.path, strings.ToLower(w.connection.Title[:1])+w.connection.Title[1:])
	}
}

// findResource is the first place of the client's own list at which there is
// something.
func (w *way) findResource(o *observations) bool {
	for _, where := range w.connection.Discovery.Resource {
		for i := range o.resource {
			r := &o.resource[i]
			same := r.where == where || where != clientbook.Challenge && r.where != clientbook.Challenge && expand(r.where, o.target) == expand(where, o.target)
			if same && r.found() {
				w.path = append(w.path, "metadata "+placeName(r, o))
				return true
			}
		}
	}
	return false
}

func placeName(p *place, o *observations) string {
	if p.where == clientbook.Challenge {
		return "where the challenge says"
	}
	return "at " + expand(p.where, o.target)
}

// offers reports whether the server lets a client take this connection.
func (o *observations) offers(n clientbook.Connection) bool {
	methods, _ := o.as.list("token_endpoint_auth_methods_supported")
	lists := func(method string) bool { return slices.Contains(methods, method) }
	for _, need := range n.Needs {
		met := true
		switch need {
		case clientbook.NeedDocuments:
			met = o.as.yes("client_id_metadata_document_supported")
		case clientbook.NeedNone:
			met = lists("none")
		case clientbook.NeedPrivateKeyJWT:
			met = lists("private_key_jwt")
		}
		if !met {
			return false
		}
	}
	switch n.Registration.Kind {
	case clientbook.Document:
		return o.as.yes("client_id_metadata_document_supported")
	case clientbook.Static:
		return false // what a person can always do is not what a client does
	}
	own := o.ownRegistration()
	return own.good() || (own == nil || own.limited()) && o.as.str("registration_endpoint") != ""
}

// ownRegistration is the doctor's; nil where none was made.
func (o *observations) ownRegistration() *registration {
	if len(o.registrations) == 0 {
		return nil
	}
	return &o.registrations[0]
}

// hurts reports whether a client stumbles over a finding.
func (w way) hurts(f Finding) bool {
	if f.only != nil {
		kind := w.connection.Registration.Kind
		if f.Step == StepRegister && kind != clientbook.Dynamic || f.ID == documentRefused.ID && kind != clientbook.Document {
			return false // it goes another way
		}
		return slices.Contains(f.only, w.client.ID)
	}
	if f.Severity == Note || f.Severity == Danger || f.Breaks == nobody {
		return false
	}
	if door, ok := strings.CutPrefix(f.Breaks, "way:"); ok {
		return w.stuck == Step(door) || w.byHand && Step(door) == StepRegister
	}
	return f.Breaks == "" || slices.Contains(w.needs, clientbook.Need(f.Breaks))
}

// verdict is what becomes of a client: the earliest fault that hurts it ends its
// way, and else any caution is one.
func verdict(w way, findings []Finding) Verdict {
	v := Verdict{Client: w.client.Name, ID: w.client.ID, Outcome: Connects, Path: w.path}
	for _, f := range findings { // in the order of the steps
		if !w.hurts(f) {
			continue
		}
		caution := f.Severity == Caution || w.byHand && f.Step == StepRegister
		switch {
		case caution && v.Outcome == WillNot:
		case caution:
			v.Outcome = Cautioned
			v.Because = append(v.Because, f.ID)
		case f.Severity == Fault && v.Outcome != WillNot:
			v.Outcome, v.Step, v.Because = WillNot, f.Step, []string{f.ID}
		case f.Severity == Fault && f.Step == v.Step:
			v.Because = append(v.Because, f.ID)
		}
	}
	if w.stuck != "" && (v.Outcome != WillNot || stepAt(w.stuck) < stepAt(v.Step)) {
		v.Outcome, v.Step, v.Because = WillNot, w.stuck, because(w, findings)
	}
	return v
}

// because are the findings that say why there is no way on at a step.
func because(w way, findings []Finding) []string {
	var all []string
	for _, f := range findings {
		if f.Step == w.stuck && f.Severity != Note && w.hurts(f) {
			all = append(all, f.ID)
		}
	}
	return all
}

func stepAt(s Step) int { return slices.Index(steps, s) }
