package authserver

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// A ticket is what became of an answer that a page of the operator's own posted.
//
// The page is another site, and so its form comes without the cookies that tell
// whether this browser left from here. The browser is sent on with a ticket to
// where it has them. Sealed, it holds who somebody is, and their token only where
// tools act with that; it is worth nothing but in the browser that waits for its
// state.
type ticket struct {
	State    string
	Upstream string
	Profile  login.Profile
	Access   string    // what [login.Profile.Tokens] has, in plain text; empty: it is not kept
	Ends     time.Time // when that does
	Refusal  *refusal  // what was wrong instead
	Made     time.Time
}

// A refusal is an oauth.Error. It is sealed, and so the operator's half may be in it.
type refusal struct {
	Code        oauth.ErrorCode
	Description string
	RetryAfter  int
	Cause       string
}

func refusalOf(e *oauth.Error) *refusal {
	r := &refusal{Code: e.Code, Description: e.Description, RetryAfter: e.RetryAfter}
	if e.Cause != nil {
		r.Cause = fmt.Sprintf("%.500s", e.Cause) // an address has to hold it
	}
	return r
}

func (r *refusal) error() *oauth.Error {
	e := &oauth.Error{Code: r.Code, Description: r.Description, RetryAfter: r.RetryAfter}
	if r.Cause != "" {
		e.Cause = errors.New(r.Cause)
	}
	return e
}

const (
	sealTicket = "ticket"
	ticketTTL  = time.Minute      // the browser is sent on at once
	clockSkew  = 30 * time.Second // between the upstream and here
)

// takePost takes the answer of an upstream from the page that has it, and sends
// the browser on.
func (s *Server) takePost(w http.ResponseWriter, r *http.Request) error {
	u, ok := s.upstream(r.PathValue("login"))
	switch {
	case !ok:
		return oauth.Refuse(oauth.NotFound, "there is nothing here")
	case u.PostsFrom == "":
		return refuseMethod("GET")(w, r)
	case r.Header.Get("Origin") != u.PostsFrom:
		return oauth.Refuse(oauth.AccessDenied, anotherPage).Because(errors.New("the Origin is not that of login_url"))
	}
	if err := readPageForm(w, r); err != nil {
		return err
	}
	t := ticket{State: r.PostForm.Get("state"), Upstream: u.Name, Made: s.Now()}
	var err error
	if t.Profile, err = u.Way.Return(r.Context(), login.Departure{}, r.PostForm); err != nil {
		e := oauth.AsError(err)
		if e.Code == oauth.ServerError {
			return e
		}
		weblog.From(r.Context()).Fail(e)
		t.Refusal = refusalOf(e)
	}
	target, err := s.callbackWith(t)
	if err != nil {
		return err
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	seeOther(w, target)
	return nil
}

// hold puts the person's token into the ticket, where it is kept for tools.
func (s *Server) hold(t *ticket) {
	if s.Vault.Keeps(t.Upstream) {
		t.Access, t.Ends = string(t.Profile.Tokens.Access), s.Now().Add(t.Profile.Tokens.Life)
	}
	t.Profile.Tokens = oauth.UpstreamTokens{}
}

// callbackWith is where a browser goes with a ticket.
func (s *Server) callbackWith(t ticket) (string, error) {
	s.hold(&t)
	plain, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	return "/oauth/callback/" + t.Upstream + "?" + url.Values{"state": {t.State}, "ticket": {s.Keys.Seal(sealTicket, plain)}}.Encode(), nil
}

// vouched is who the upstream says came back, and may come in.
func (s *Server) vouched(r *http.Request, u Upstream, d departure) (login.Profile, error) {
	profile, err := s.answerOf(r, u, d)
	if err != nil {
		return profile, err
	}
	if err := u.Admission.Check(profile); err != nil {
		return profile, cmp.Or(s.turnedOut(r.Context(), profile), err)
	}
	s.asked.now(wayID(profile.Identity))
	if d.Again && !profile.Asked.IsZero() && profile.Asked.Before(d.Began.Add(-clockSkew)) {
		return profile, oauth.Refuse(oauth.AccessDenied, notAnew).Because(errors.New("auth_time says that the upstream did not ask again"))
	}
	proof := profile.Proof
	if proof.Expires.IsZero() {
		return profile, nil
	}
	if d.Again && proof.Issued.Before(d.Began.Add(-clockSkew)) {
		return profile, oauth.Refuse(oauth.AccessDenied, notAnew)
	}
	// Whoever reads a token elsewhere, where it was shown as well, could otherwise
	// leave from here, and come back with it, for as long as it is good.
	err = s.Assertions.SpendAssertion(r.Context(), proof.ID, proof.Expires)
	if errors.Is(err, store.ErrReplayed) {
		return profile, oauth.Refuse(oauth.AccessDenied, notAnew).Because(errors.New("the upstream's token was used here before"))
	}
	return profile, err
}

// answerOf is what the upstream says, whichever way the answer came.
func (s *Server) answerOf(r *http.Request, u Upstream, d departure) (login.Profile, error) {
	query := r.URL.Query()
	if u.PostsFrom == "" {
		return u.Way.Return(r.Context(), d.Departure, query)
	}
	if !query.Has("ticket") {
		// The page sent them back without any. A token is never taken from here.
		return u.Way.Return(r.Context(), d.Departure, url.Values{"error": {"access_denied"}})
	}
	var t ticket
	plain, err := s.Keys.Unseal(sealTicket, query.Get("ticket"))
	if err == nil {
		err = json.Unmarshal(plain, &t)
	}
	switch {
	case err != nil, t.State != d.State, t.Upstream != d.Upstream, s.Now().Sub(t.Made) > ticketTTL:
		return login.Profile{}, oauth.Refuse(oauth.AccessDenied, neverLeft).Because(err)
	case t.Refusal != nil:
		return login.Profile{}, t.Refusal.error()
	}
	if t.Access != "" {
		t.Profile.Tokens = oauth.UpstreamTokens{Access: oauth.Secret(t.Access), Life: t.Ends.Sub(s.Now())}
	}
	return t.Profile, nil
}
