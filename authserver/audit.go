package authserver

import (
	"context"
	"net/http"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

func (s *Server) audit(ctx context.Context, e store.Event) {
	e.At = s.Now()
	if err := s.Events.Append(ctx, e); err != nil {
		s.Log.ErrorContext(ctx, "the audit log could not be written", "kind", e.Kind, "grant", e.GrantID, "cause", err.Error())
	}
}

// auditConsent notes what a person answered on the consent page.
func (s *Server) auditConsent(ctx context.Context, kind string, ix Interaction, person oauth.Person, scope oauth.Scope) {
	said := oauth.TargetOf(ix.RedirectURI).Host + " at " + ix.Resource
	if len(scope) > 0 {
		said += ": " + scope.String()
	}
	s.audit(ctx, store.Event{Kind: kind, Actor: person.ID, Subject: person.ID, ClientID: ix.ClientID, Detail: said})
}

// auditFailure notes that someone could not sign in, once a minute for a name,
// and not without end for names that are made up: the log is kept for ever.
//
// Whether there is someone of that name decides nothing but the words of the
// line, and so shows in no answer and no time.
func (s *Server) auditFailure(r *http.Request) {
	name, err := login.CanonicalUsername(r.PostForm.Get("username"))
	if err != nil || s.limits.failuresOf.spend(name) > 0 || s.limits.failures.spend("") > 0 {
		return
	}
	e := store.Event{Kind: store.SignInFailed, Detail: "nobody has this name"}
	if p, err := s.People.PersonByUsername(r.Context(), name); err == nil {
		e.Subject, e.Detail = p.ID, "wrong password"
		if !p.Disabled.IsZero() {
			e.Detail = "the person is disabled"
		}
	}
	s.audit(r.Context(), e)
}

// auditRegistration notes that a client is new. Whoever has many addresses can
// register without end, as others make room for them, and the log does not: what
// is left out of it is in the request log.
func (s *Server) auditRegistration(ctx context.Context, kept, asked oauth.Client) {
	if kept.Created.UnixMilli() != asked.Created.UnixMilli() || s.limits.arrivals.spend("") > 0 {
		return
	}
	s.audit(ctx, store.Event{Kind: store.ClientRegistered, Actor: kept.ID, ClientID: kept.ID})
}
