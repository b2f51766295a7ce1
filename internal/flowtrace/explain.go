package flowtrace

import (
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// values are what a sentence may quote.
type values struct {
	client   oauth.Client
	resource string // as it was asked for
	scope    string
	redirect string // the host
	request  string // by what the same authorization request is known again; never stored
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
		"{scopes}", quote(a.values.scope), "{known}", a.known(), "{redirect}", a.redirect(), "{hosts}", strings.Join(hostsOf(a.values.client), ", "),
	).Replace(s)
	return strings.ToUpper(said[:1]) + said[1:]
}

func quote(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// who is what the client is called, by its own word.
func (a *Attempt) who() string {
	for _, name := range []string{a.open.family, nameOf(a.values.client), agentName(a.request.UserAgent())} {
		if name != "" && name != "a browser" {
			return name
		}
	}
	return "the client"
}

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
		ids = append(ids, r.ID)
	}
	return strings.Join(ids, ", ")
}

// near is the resource that was probably meant: the only one, or the only one at
// the host that was asked for.
func (a *Attempt) near() string {
	all := a.rec.o.Resources
	if len(all) == 1 {
		return all[0].ID
	}
	var there []string
	asked, err := url.Parse(a.values.resource)
	for _, r := range all {
		if u, e := url.Parse(r.ID); err == nil && e == nil && strings.EqualFold(u.Host, asked.Host) {
			there = append(there, r.ID)
		}
	}
	if len(there) == 1 {
		return there[0]
	}
	return "the URL of the one that is meant"
}

// known are the scopes of the resource that was asked for.
func (a *Attempt) known() string {
	var known oauth.Scope
	asked, err := oauth.CanonicalResource(a.values.resource)
	for i, r := range a.rec.o.Resources {
		if r.ID == asked || (err != nil && i == 0) {
			return quote(r.Known().String())
		}
		known = known.Union(r.Known())
	}
	return quote(known.String())
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
	}
	return facts
}
