package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// topics are the checks: functions from what was seen to what there is to say.
// A check says nothing where there was nothing to look at.
func topics() []func(*observations) []Finding {
	return []func(*observations) []Finding{
		checkReach, checkTLS, checkChallenge, checkBadToken, checkAgents, checkResource, checkPlaces, checkIssuer, checkServer, checkMethods,
		checkKeys, checkRegistration, checkAuthorize, checkIss, checkDocuments, checkToken, checkPreflights, checkLatency,
		checkGenerations, checkTools, checkWidgets, checkVisit, checkEnded,
	}
}

// judge makes a report of what was seen. It makes no requests.
func judge(o *observations, secrets []string) Report {
	r := Report{Version: 1, URL: visible(o.target.String(), false), Requests: len(o.trace), Server: o.serverName(), SignedIn: o.visit.completed(), Findings: []Finding{}}
	for _, check := range topics() {
		r.Findings = append(r.Findings, bounded(check(o), o.calls.initialize)...)
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(stepAt(a.Step), stepAt(b.Step)), cmp.Compare(rank(a.Severity), rank(b.Severity)))
	})
	var ways []way
	for _, c := range o.clients {
		ways = append(ways, follow(o, c))
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		for _, w := range ways {
			if w.hurts(*f) {
				f.Hurts = append(f.Hurts, w.client.ID)
			}
		}
		if f.Severity != Danger && f.Whom == "" && len(f.Hurts) == 0 {
			f.Severity = Note // nobody who was looked for stumbles over it
		}
		for _, x := range f.shown {
			if x != nil {
				f.Evidence = append(f.Evidence, x.shown(secrets, true))
			}
		}
	}
	for _, w := range ways {
		v := verdict(w, r.Findings)
		if v.Step != "" && len(v.Because) == 0 {
			v.Because = []string{limited.ID}
			if o.unfinished {
				v.Because = []string{unfinished.ID}
			}
		}
		r.Verdicts = append(r.Verdicts, v)
	}
	r.Right = right(o, r.Findings)
	r.clean(secrets)
	for _, x := range o.trace {
		r.Trace = append(r.Trace, x.shown(secrets, false))
	}
	return r
}

// clean takes what nobody may read, or a terminal would obey, out of every
// sentence, whoever wrote it. The exchanges are clean already.
func (r *Report) clean(secrets []string) {
	say := func(s string) string { return visible(shorten(redact(s, secrets), shownBody), false) }
	r.URL, r.Server = say(r.URL), say(r.Server)
	for i := range r.Findings {
		r.Findings[i].What = say(r.Findings[i].What)
	}
	for i := range r.Right {
		r.Right[i] = say(r.Right[i])
	}
	for _, v := range r.Verdicts {
		for i := range v.Path {
			v.Path[i] = say(v.Path[i])
		}
	}
}

const (
	// maxOfAKind is how many findings of one kind a report has: a server with a
	// thousand tools has a thousand times the same fault.
	maxOfAKind = 6
	// maxShown is how many exchanges show a finding.
	maxShown = 12
)

// bounded leaves out what nobody saw, since the examination had ended or the
// server had enough of it, and puts what was said often enough into one finding.
func bounded(findings []Finding, first *exchange) []Finding {
	unseen := func(x *exchange) bool {
		return x != nil && (errors.Is(x.err, errSpent) || x.err == nil && x.status == http.StatusTooManyRequests && x != first)
	}
	var kept []Finding
	last := map[string]int{}
	n := map[string]int{}
	for _, f := range findings {
		if f.ID != limited.ID && slices.ContainsFunc(f.shown, unseen) {
			continue
		}
		n[f.ID]++
		if n[f.ID] <= maxOfAKind {
			last[f.ID] = len(kept)
			kept = append(kept, f)
			continue
		}
		into := &kept[last[f.ID]]
		into.shown = append(into.shown, f.shown...)
		if into.only != nil {
			into.only = append(into.only, f.only...)
		}
	}
	for i := range kept {
		if more := n[kept[i].ID] - maxOfAKind; more > 0 && last[kept[i].ID] == i {
			kept[i].What += fmt.Sprintf(" The same was found %d times more.", more)
		}
		kept[i].shown = kept[i].shown[:min(len(kept[i].shown), maxShown)]
	}
	return kept
}

func rank(s Severity) int { return slices.Index([]Severity{Danger, Fault, Caution, Note}, s) }

// found is a finding of this kind, with what was seen and the exchanges that
// show it.
func (k Kind) found(what string, shown ...*exchange) Finding {
	return Finding{Kind: k, What: what, shown: shown}
}

// forOnly is a finding that is about some clients.
func (k Kind) forOnly(clients []string, what string, shown ...*exchange) Finding {
	if clients == nil {
		clients = []string{}
	}
	return Finding{Kind: k, What: what, shown: shown, only: clients}
}

func (o *observations) serverName() string {
	for _, x := range []*exchange{o.calls.initialize, o.calls.discover, o.visit.first()} {
		a, ok := rpc(x)
		info, _ := a.Result["serverInfo"].(map[string]any)
		if name, _ := info["name"].(string); ok && name != "" {
			version, _ := info["version"].(string)
			return visible(shorten(name+" "+version, 120), false)
		}
	}
	return ""
}

// Kinds is every kind of finding that there is, in the order of the steps.
func Kinds() []Kind {
	all := slices.Concat(reachKinds, endKinds, tlsKinds, challengeKinds, agentKinds, resourceKinds, placeKinds, issuerKinds, serverKinds,
		methodKinds, keyKinds, registrationKinds, authorizeKinds, issKinds, documentKinds, tokenKinds, corsKinds, latencyKinds,
		generationKinds, toolKinds, widgetKinds, visitKinds)
	slices.SortStableFunc(all, func(a, b Kind) int {
		return cmp.Or(cmp.Compare(stepAt(a.Step), stepAt(b.Step)), cmp.Compare(a.ID, b.ID))
	})
	return all
}
