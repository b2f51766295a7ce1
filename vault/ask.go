package vault

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// askedLately is for how long tokens that were renewed to ask are not renewed for that again.
const askedLately = 10 * time.Minute

// ErrAsked says, of an [ErrDead], that the upstream was asked and refused the person
// for good, and that [Config.Gone] was told.
var ErrAsked = errors.New("vault: the upstream refuses the person")

// KeepSignIn keeps what a sign-in left, if one can ask by it later, in place of what the
// last one did. Where a tool acts at that login as the same i, its connection is asked
// instead and nothing is kept: some upstreams give the same tokens twice, and who renewed
// the one would end the other. A login whose tokens are not kept is no error.
func (v *Vault) KeepSignIn(ctx context.Context, person, login string, i oauth.Identity, t oauth.UpstreamTokens) error {
	if !v.Keeps(login) {
		return nil
	}
	of := Connection{Person: person, Login: login}
	c, h, err := v.asking(ctx, of, i.Subject)
	switch {
	case err != nil && !errors.Is(err, ErrNotConnected):
		return err
	case err == nil && c.Resource != "":
		return v.Forget(ctx, of)
	case v.Upstreams[login].Way.Lasting(t):
		return v.Keep(ctx, of, i, t)
	case err == nil && h.Refresh != "":
		return nil // it goes on being good: some give one on their page of consent only
	}
	return v.Forget(ctx, of)
}

// ForgetSignIn forgets what a sign-in of a person left, who is i there. What another one
// of theirs there left stays: it is asked by.
func (v *Vault) ForgetSignIn(ctx context.Context, person, login string, i oauth.Identity) error {
	of := Connection{Person: person, Login: login}
	_, h, err := v.read(ctx, of)
	switch {
	case errors.Is(err, ErrNotConnected), err == nil && h.Subject != i.Subject:
		return nil
	case err != nil && !errors.Is(err, ErrDead):
		return err
	}
	return v.Forget(ctx, of)
}

// Ask has an upstream say who was, who is person here, is now: what it gave for them is
// renewed, and what does not end is presented. [ErrNotConnected] says that nothing is
// there to ask by, and [ErrAsked] that it refused; where it is down, [ErrDown]. They are
// refusals, as those of [Vault.Token].
func (v *Vault) Ask(ctx context.Context, person, login string, was oauth.Identity) (oauth.Identity, error) {
	c, h, err := v.asking(ctx, Connection{Person: person, Login: login}, was.Subject)
	if err != nil {
		return was, refusal(err)
	}
	if h.Refresh != "" && (v.toAsk(c, h) || !h.fresh(v.Now())) {
		if h, err = v.refresh(ctx, c, true); err != nil {
			return was, asked(err)
		}
	}
	now, err := v.still(ctx, c, h, was)
	return now, asked(err)
}

// asked is what became of asking. Of what was lost here nobody refused anything.
func asked(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errUnsaved):
		return refusal(ErrNotConnected)
	case errors.Is(err, ErrDead):
		return refusal(errors.Join(ErrAsked, err))
	}
	return refusal(err)
}

// still asks with what is held. What cannot be renewed and is not taken is dead.
func (v *Vault) still(ctx context.Context, c store.Connection, h held, was oauth.Identity) (oauth.Identity, error) {
	t := oauth.UpstreamTokens{Access: oauth.Secret(h.Access), Refresh: oauth.Secret(h.Refresh), ID: h.id}
	now, err := v.Upstreams[c.Login].Way.Still(ctx, was, t)
	if h.Refresh != "" || oauth.AsError(err).Code != oauth.InvalidGrant {
		return now, err
	}
	// Who asked may leave; what was heard is not to be forgotten for that.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	if err := v.died(ctx, c, h); err != nil {
		return was, err
	}
	return was, v.ended(ctx, c, err)
}

// asking is a living connection of a login by which its upstream can be asked about the
// one who is subject there: what the sign-in left, or a tool's.
func (v *Vault) asking(ctx context.Context, of Connection, subject string) (store.Connection, held, error) {
	if !v.Keeps(of.Login) {
		return store.Connection{}, held{}, ErrNotConnected
	}
	rows, err := v.Store.Connections(ctx, of.Person)
	if err != nil {
		return store.Connection{}, held{}, err
	}
	rows = slices.DeleteFunc(rows, func(c store.Connection) bool { return c.Login != of.Login || !c.Dead.IsZero() })
	for _, c := range rows {
		h, err := v.judge(ctx, c)
		if err == nil && h.Subject == subject && v.ours(c.Login, h) && v.lasts(c.Login, h) {
			return c, h, nil
		}
	}
	return store.Connection{}, held{}, ErrNotConnected
}

// lasts reports whether what is held is of use for asking later.
func (v *Vault) lasts(login string, h held) bool {
	t := oauth.UpstreamTokens{Access: oauth.Secret(h.Access), Refresh: oauth.Secret(h.Refresh), Session: h.Session}
	if !h.Expires.IsZero() {
		t.Life = max(h.Expires.Sub(v.Now()), time.Second)
	}
	return v.Upstreams[login].Way.Lasting(t)
}

// ours reports whether what is held was given to the client that we are there. When the
// settings name another one, once and by mistake, or for good, no upstream takes it back
// from us what it gave, and nobody was let go.
func (v *Vault) ours(login string, h held) bool {
	return h.Client == "" || h.Client == v.Upstreams[login].Client
}

// toAsk reports whether what can be renewed is to be, to ask by it: the person did not
// bring it lately, and nobody has asked since.
func (v *Vault) toAsk(c store.Connection, h held) bool {
	ago := v.Now().Add(-askedLately)
	return !c.Connected.After(ago) && !h.Asked.After(ago)
}
