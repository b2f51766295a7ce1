package flowtrace

import (
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// values are what a sentence may quote.
type values struct {
	client   oauth.Client
	form     url.Values // as it was sent; nil once it was read
	resource string     // as it was asked for
	scope    string
	redirect string // the host
	ended    string // why the grant did, in a constant of ours
	server   string // the client id of a resource's server that asks on behalf of another client
	request  string // by what the same authorization request is known again; never stored
}

// read takes out of the form what may be quoted, cleaned and cut.
func (v *values) read() {
	if v.form == nil {
		return
	}
	var resources []string
	for _, resource := range v.form["resource"] {
		resources = append(resources, withoutQuery(resource))
	}
	v.resource = clean(strings.Join(resources, " "), maxValue)
	v.scope = clean(v.form.Get("scope"), maxValue)
	if redirect := v.form.Get("redirect_uri"); redirect != "" {
		v.redirect = clean(oauth.TargetOf(redirect).Host, maxName)
	}
	v.form = nil
}

// An Explanation is what a person is told of a refusal.
type Explanation struct {
	Said string // what happened; text between backquotes is a value
	ToDo string
	Copy string // what ToDo says to enter; empty: nothing
}

// Explain says of a refusal what the flow trace says of it, whether that is kept
// or not. Nothing is said by a nil Attempt.
func (a *Attempt) Explain(e *oauth.Error) Explanation {
	if a == nil {
		return Explanation{}
	}
	a.values.read()
	var x Explanation
	x.Said, x.ToDo = a.explain(e)
	if near := a.near(); e.Code == oauth.InvalidTarget && near != elsewhere && strings.Contains(x.ToDo, near) {
		x.Copy = strings.Trim(near, "`")
	}
	return x
}

// explain says what happened and what to do.
func (a *Attempt) explain(e *oauth.Error) (said, toDo string) {
	r := remedies[e.Description]
	if r.said == "" {
		r.said = Sentence(sentence(e.Description))
	}
	if r.toDo == "" {
		r.toDo = byCode[e.Code]
	}
	return a.fill(string(r.said)), a.fill(string(r.toDo))
}

// sentence makes a description read as one.
func sentence(description string) string {
	if description == "" {
		return ""
	}
	return strings.ToUpper(description[:1]) + strings.TrimSuffix(description[1:], ".") + "."
}

// fill puts values in. A sentence that has none is returned as it is.
func (a *Attempt) fill(s string) string {
	if !strings.Contains(s, "{") {
		return s
	}
	said := strings.NewReplacer(
		"{who}", a.who(), "{client}", clean(a.learned.ClientID, maxID), "{asked}", quote(a.values.resource), "{here}", a.here(), "{near}", a.near(),
		"{scopes}", each(strings.Fields(a.values.scope)), "{known}", a.known(), "{redirect}", a.redirect(), "{hosts}", strings.Join(hostsOf(a.values.client), ", "),
	).Replace(s)
	if rest, ok := strings.CutPrefix(said, nobody); ok {
		said = "The client" + rest // every other name is written as its owner writes it
	}
	return said
}

func quote(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// each quotes every one of a few: what was written to be read as a sentence is
// none any more. These stand on a page of this server, and anyone can make a link
// to it.
func each(values []string) string {
	const most = 8
	var b strings.Builder
	for i, v := range values {
		if i == most {
			return b.String() + " and others"
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("`" + v + "`")
	}
	return quote(b.String())
}

// who is what the client is called, by its own word.
func (a *Attempt) who() string {
	family := ""
	if a.open != nil {
		family = a.open.family
	}
	for _, name := range []string{family, quoted(nameOf(a.values.client)), agentName(a.request.UserAgent())} {
		if name != "" && name != "a browser" {
			return name
		}
	}
	return nobody
}

// quoted marks a name that anyone can choose: 60 letters of it could be a sentence,
// and would read like one of ours.
func quoted(name string) string {
	if !strings.Contains(name, " ") {
		return name
	}
	return "“" + strings.NewReplacer("“", "'", "”", "'").Replace(name) + "”"
}

// nobody is what a client is called that has no name.
const nobody = "the client"

func (a *Attempt) redirect() string {
	if hosts := hostsOf(a.values.client); a.values.redirect == "" && len(hosts) > 0 {
		return hosts[0]
	}
	return quote(a.values.redirect)
}

// here lists the resources, as many as a person reads.
func (a *Attempt) here() string {
	const most = 3
	var ids []string
	for i, r := range a.rec.o.Resources {
		if i == most {
			ids = append(ids, "others")
			break
		}
		ids = append(ids, "`"+r.ID+"`")
	}
	return strings.Join(ids, ", ")
}

// near is the resource that was probably meant: the only one, or the only one at
// the host that was asked for.
func (a *Attempt) near() string {
	all := a.rec.o.Resources
	if len(all) == 1 {
		return "`" + all[0].ID + "`"
	}
	var there []string
	asked, err := url.Parse(a.values.resource)
	for _, r := range all {
		if u, e := url.Parse(r.ID); err == nil && e == nil && strings.EqualFold(u.Host, asked.Host) {
			there = append(there, r.ID)
		}
	}
	if len(there) == 1 {
		return "`" + there[0] + "`"
	}
	return elsewhere
}

const elsewhere = "the URL of the one that is meant"

// known are the scopes of the resource that was asked for.
func (a *Attempt) known() string {
	var known oauth.Scope
	asked, err := oauth.CanonicalResource(a.values.resource)
	for i, r := range a.rec.o.Resources {
		if r.ID == asked || (err != nil && i == 0) {
			return each(r.Known())
		}
		known = known.Union(r.Known())
	}
	return each(known)
}

// facts are what belongs to a step and stands in no sentence.
func (a *Attempt) facts(kind Kind) []string {
	var facts []string
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, name+": "+value)
		}
	}
	v, hosts := a.values, hostsOf(a.values.client)
	switch kind {
	case Authorize, Document:
		add("client id", clean(a.learned.ClientID, maxID))
		add("resource asked for", v.resource)
		add("scopes asked for", v.scope)
		add("answer to", v.redirect)
		add("registered", clean(strings.Join(hosts, ", "), maxValue))
	case Registration:
		add("answers to", clean(strings.Join(hosts, ", "), maxValue))
	case Token, Refresh:
		add("client id", clean(a.learned.ClientID, maxID))
		add("the grant ended", v.ended)
	case Exchange:
		add("server", clean(v.server, maxID))
		add("client id", clean(a.learned.ClientID, maxID))
	}
	return facts
}
