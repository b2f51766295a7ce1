package flowtrace

import (
	"net/http"
	"net/netip"
	"time"
)

// find finds the flow that the request belongs to, or begins one. It reports
// whether there is one: there is none when too many begin.
func (a *Attempt) find() bool {
	if a.open != nil || a.shed || !a.rec.keeps() {
		return a.open != nil
	}
	a.rec.mu.Lock()
	defer a.rec.mu.Unlock()
	now, b := a.rec.o.Now(), &a.rec.board
	if a.learned.GrantID != "" {
		if a.open = b.find(now, whichever, b.grant(a.learned.GrantID)); a.open != nil {
			return true
		}
	}
	if a.kind == Discovery || a.kind == Call {
		// A client looks again at what it knows while its person signs in.
		at := b.key(byPlace, network(a.rec.o.Address(a.request)), a.request.UserAgent())
		if a.open = b.find(now, whichever, at); a.open != nil {
			return true
		}
	}
	k := a.keys()
	suits := couldBe(a.learned.ClientID, k.family)
	switch a.kind {
	case Registration:
		a.open = b.find(now, suits, k.place)
	case Authorize:
		if a.values.request != "" {
			a.open = b.find(now, whichever, k.request)
		}
		if a.open == nil && a.learned.Standing >= Known {
			a.open = b.find(now, suits, k.client, k.name, k.network, k.hosted)
		}
	case Token:
		a.open = b.find(now, suits, k.client, k.place)
	}
	if a.open == nil && !a.begin(now) {
		return false
	}
	a.claim(now, k)
	return true
}

// begin begins a flow, if there is room for it.
func (a *Attempt) begin(now time.Time) bool {
	if !a.rec.budget[a.learned.Standing].spend(now) {
		a.rec.dropped.Add(1)
		a.shed = true
		return false
	}
	a.open = &open{id: newID(), standing: a.learned.Standing, last: now}
	a.rec.board.link(a.open, now, a.rec.board.key(byID, netip.Addr{}, a.open.id))
	return true
}

// keys are by what a request can be known again.
type keys struct {
	family                                        string
	request, place, client, name, network, hosted key
}

func (a *Attempt) keys() keys {
	b := &a.rec.board
	at, agent := network(a.rec.o.Address(a.request)), a.request.UserAgent()
	k := keys{family: familyOf(a.values.client), place: b.key(byPlace, at, agent), network: b.key(byNetwork, at, "")}
	if k.family == "" && a.kind != Authorize { // which comes from the person's browser
		k.family = familyOfAgent(agent)
	}
	k.request = b.key(byRequest, netip.Addr{}, a.values.request)
	k.client = b.key(byClient, at, a.learned.ClientID)
	k.name = b.key(byName, netip.Addr{}, a.learned.ClientID)
	k.hosted = b.key(byFamily, netip.Addr{}, k.family)
	return k
}

// claim makes the keys of this request lead to its flow.
func (a *Attempt) claim(now time.Time, k keys) {
	b, o := &a.rec.board, a.open
	o.last, o.standing = now, max(o.standing, a.learned.Standing)
	if o.client == "" {
		o.client = a.learned.ClientID
	}
	if o.family == "" {
		o.family = k.family
	}
	switch a.kind {
	case Authorize:
		// From here on the browser carries the flow. Whoever else begins meanwhile,
		// with the same client, begins another one.
		o.claimed = true
		b.unlink(o, string([]byte{byClient, byName, byNetwork, byFamily}))
		if a.values.request != "" {
			b.link(o, now, k.request)
		}
	case Discovery, Call, Registration:
		b.link(o, now, k.place)
		if o.claimed {
			return
		}
		b.link(o, now, k.network)
		if k.family != "" {
			b.link(o, now, k.hosted)
		}
		if o.client != "" {
			b.link(o, now, k.client, k.name)
		}
		if a.learned.ClientName == "" && o.client == "" {
			a.learned.ClientName = agentName(a.request.UserAgent())
		}
	case Token:
		b.link(o, now, k.place)
	}
}

// Discovered says that somebody looked at one of the documents that every client
// reads first.
func (rec *Recorder) Discovered(r *http.Request, s Sentence) {
	if !rec.keeps() {
		return
	}
	a := Attempt{rec: rec, request: r, kind: Discovery}
	a.Did(Discovery, s)
}
