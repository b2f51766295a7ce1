package doctor

import "context"

// A SignIn completes the flow with a person.
type SignIn struct {
	// Open shows a person an address in their browser; its error is of that.
	Open func(address string) error
}

// A visit is what was seen of a completed flow.
type visit struct {
	call *exchange
}

func (v *visit) completed() bool { return v != nil && v.call.ok() }

func (v *visit) first() *exchange {
	if v == nil {
		return nil
	}
	return v.call
}

var visitKinds = []Kind{}

func checkVisit(*observations) []Finding { return nil }

func (p *probe) signIn(context.Context) {}
