package token

// An Actor is the claim "act": who acts, and through whom. RFC 8693 §4.1: "the
// outermost "act" claim represents the current actor while nested "act" claims
// represent prior actors".
type Actor struct {
	Subject string `json:"sub"`
	Before  *Actor `json:"act,omitempty"`
}

// ActorOf is the claim of a list, the present actor first; nil where it is empty.
func ActorOf(actors []string) *Actor {
	if len(actors) == 0 {
		return nil
	}
	return &Actor{Subject: actors[0], Before: ActorOf(actors[1:])}
}

// List is the other way round.
func (a *Actor) List() []string {
	var all []string
	for ; a != nil; a = a.Before {
		all = append(all, a.Subject)
	}
	return all
}
