package doctor

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	tooSlow = Kind{
		ID: "too-slow", Severity: Fault, Step: StepServer, Title: "A client gives up before the answer is there",
		Rule: "The client's own time limit, as its vendor documents it.",
		Mend: "Answer faster: keep an instance warm, serve metadata from memory, and look for a cold start or a slow name server.",
	}
	slow = Kind{
		ID: "slow", Severity: Caution, Step: StepServer, Title: "An answer takes more than half of a client's patience",
		Rule: "The client's own time limit, as its vendor documents it. On a bad day it is not met.",
		Mend: "Answer faster: keep an instance warm, and serve metadata from memory.",
	}
	unfinished = Kind{
		ID: "unfinished", Severity: Caution, Step: StepReach, Title: "The examination ended before everything was looked at",
		Rule: fmt.Sprintf("The doctor makes at most %d requests, which together take at most %s.", maxRequests, allPatience),
		Mend: "Find out why answers take so long, and run the doctor again. What was not asked is not judged.",
	}
	endKinds     = []Kind{unfinished}
	latencyKinds = []Kind{tooSlow, slow}
)

// checkEnded is for an examination that could not ask everything.
func checkEnded(o *observations) []Finding {
	if !o.unfinished {
		return nil
	}
	var slowest *exchange
	for _, x := range o.trace {
		if slowest == nil || x.took > slowest.took {
			slowest = x
		}
	}
	return []Finding{unfinished.found(fmt.Sprintf("%d requests were made, and the slowest took %s.", len(o.trace), slowest.took.Round(100*time.Millisecond)), slowest)}
}

// checkLatency compares how long answers took with how long each client waits.
func checkLatency(o *observations) []Finding {
	worst := map[string]*exchange{}
	note := func(stage string, x *exchange) {
		if x != nil && (worst[stage] == nil || x.took > worst[stage].took) {
			worst[stage] = x
		}
	}
	for _, places := range [][]place{o.resource, o.server} {
		for i := range places {
			note("discovery", places[i].exchange)
		}
	}
	for _, r := range o.registrations {
		note("registration", r.exchange)
	}
	note("token", o.token.code)
	note("refresh", o.token.refresh)
	var all []Finding
	for _, stage := range []string{"discovery", "registration", "token", "refresh"} {
		x := worst[stage]
		if x == nil {
			continue
		}
		late, near, least := []string{}, []string{}, time.Duration(0)
		for _, c := range o.clients {
			limit := limitOf(c, stage)
			switch {
			case limit == 0:
				continue
			case x.took > limit:
				late = append(late, c.ID)
			case x.took > limit/2:
				near = append(near, c.ID)
			default:
				continue
			}
			if least == 0 || limit < least {
				least = limit
			}
		}
		what := fmt.Sprintf("%s took %s, where the least patient client waits %s.", quote(x.purpose), x.took.Round(100*time.Millisecond), least)
		if len(late) > 0 {
			all = append(all, tooSlow.forOnly(late, what, x))
		}
		if len(near) > 0 {
			all = append(all, slow.forOnly(near, what, x))
		}
	}
	return all
}

// limitOf is how long a client waits at a stage; 0: nobody knows.
func limitOf(c clientbook.Client, stage string) time.Duration {
	var least time.Duration
	for _, n := range c.Connections {
		limit := map[string]time.Duration{
			"discovery": n.Limits.Discovery, "registration": n.Limits.Registration, "token": n.Limits.Token, "refresh": n.Limits.Refresh,
		}[stage]
		if limit > 0 && (least == 0 || limit < least) {
			least = limit
		}
	}
	return least
}
