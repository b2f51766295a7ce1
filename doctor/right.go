package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// right says what was looked at and is as it should be, so that a reader knows
// what need not be doubted.
func right(o *observations, findings []Finding) []string {
	all := []string{}
	if !o.reached() {
		return all
	}
	wrong := func(step Step) bool {
		for _, f := range findings {
			if f.Step == step && f.Severity != Note {
				return true
			}
		}
		return false
	}
	say := func(step Step, seen bool, format string, args ...any) {
		if seen && !wrong(step) {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	x := o.calls.initialize
	say(StepReach, true, "It answers at %s, in %d ms, with every client's user agent.", visible(o.resourceURL(), false), x.took.Milliseconds())
	if x.tls != nil && len(x.tls.PeerCertificates) > 0 && !wrong(StepReach) {
		say(StepReach, true, "Its certificate is trusted and ends on %s.", x.tls.PeerCertificates[0].NotAfter.Format("2006-01-02"))
	}
	say(StepChallenge, !o.calls.open(), "A call without a token is answered 401, with the address of the metadata.")
	say(StepChallenge, o.calls.open(), "A call without a token is answered: nobody has to sign in for it.")
	say(StepResource, o.prm != nil, "The resource's metadata is where clients look, and names this address.")
	say(StepServer, o.as != nil, "The authorization server's metadata is complete, and its issuer is %s.", visible(o.as.str("issuer"), false))
	own := o.ownRegistration()
	say(StepRegister, own.good(), "A client can register.")
	strict := !slices.ContainsFunc(findings, func(f Finding) bool { return f.ID == pkceUnchecked.ID })
	say(StepAuthorize, o.authorize.right != nil && strict && !outcomeOf(o.authorize.right).puzzle, "An authorization request leads to a page for the person; what has to be refused is refused.")
	say(StepAuthorize, o.authorize.right != nil && !strict && !outcomeOf(o.authorize.right).puzzle, "An authorization request leads to a page for the person.")
	say(StepToken, o.token.unknown != nil, "The token endpoint refuses in the way that clients understand.")
	say(StepUse, len(o.catalogue.tools) > 0, "%d tools can be listed.", len(o.catalogue.tools))
	if own.good() && len(o.leftBehind()) == 0 {
		all = append(all, "What the doctor registered was removed again.")
	}
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// leftBehind are the registrations that the doctor could not remove, or what
// became of its request to.
func (o *observations) leftBehind() []*exchange {
	var left []*exchange
	for i := range o.registrations {
		r := &o.registrations[i]
		switch {
		case !r.good():
		case r.removed == nil:
			left = append(left, r.exchange)
		case r.removed.err != nil || r.removed.status >= 300:
			left = append(left, r.removed)
		}
	}
	return left
}
