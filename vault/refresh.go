package vault

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

const (
	// patience is how long who asks for a token waits for a refresh, or for the
	// replica that does it. Then they are told to come again.
	patience = 15 * time.Second
	// askTime is how long an upstream may take, and saveTime the write after it. That
	// is longer than anybody waits: an answer that comes late is kept, because the
	// refresh token that it replaces may be good for nothing by then.
	askTime  = 30 * time.Second
	saveTime = 10 * time.Second
	// leaseTime is for how long nobody else refreshes: as long as both, and as far
	// as the clocks of two replicas may be apart. Who dies in the middle leaves
	// others to wait for so long; they answer 503 meanwhile.
	leaseTime = askTime + saveTime + 30*time.Second
	// lookAgain is how often those who wait for another replica look.
	lookAgain = 50 * time.Millisecond
	// saves is how often what an upstream gave is written before it is given up.
	saves    = 4
	saveWait = 250 * time.Millisecond // the first time; doubled each time
)

// refresh returns what a connection holds after a refresh, by whomever. In one
// process one goroutine asks, for all that do; it goes on when they have left, so
// that what an upstream answers is not lost.
func (v *Vault) refresh(ctx context.Context, c store.Connection, anew bool) (held, error) {
	alone := context.WithoutCancel(ctx)
	v.under.Add(1) // here, not in the flight: a Settle that begins before the flight's first step would not wait for it
	flight := v.flights.DoChan(strings.Join([]string{c.Person, c.Login, c.Resource, c.Version.String()}, "\x00"), func() (any, error) {
		return v.renewed(alone, c, anew)
	})
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-waiting.Done():
		go func() {
			<-flight
			v.under.Done()
		}()
		return held{}, waiting.Err()
	case landed := <-flight:
		v.under.Done()
		h, _ := landed.Val.(held)
		return h, landed.Err
	}
}

// Settle waits for the refreshes that are under way, also those for which nobody waits
// any more, until ctx ends. A process that ends without it may lose what an upstream
// was about to answer. No token is to be asked for any more. A nil Vault has none.
func (v *Vault) Settle(ctx context.Context) {
	if v == nil {
		return
	}
	settled := make(chan struct{})
	go func() {
		v.under.Wait()
		close(settled)
	}()
	select {
	case <-settled:
	case <-ctx.Done():
	}
}

// renewed refreshes, or waits for the replica that does, for as long as somebody who
// came just now would.
func (v *Vault) renewed(ctx context.Context, c store.Connection, anew bool) (held, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	of := Connection{Person: c.Person, Login: c.Login, Resource: c.Resource}
	for {
		h, err := held{}, error(nil)
		if c, h, err = v.read(waiting, of); err != nil || h.fresh(v.Now()) && !(anew && v.toAsk(c, h)) {
			return h, err
		}
		if h.Refresh == "" {
			_, err := v.Store.KillConnection(waiting, c)
			return held{}, errors.Join(ErrDead, err)
		}
		if v.unfinished(c).IsZero() {
			c.LeasedUntil = time.Time{} // of somebody who has it now, or gives it back while we look
		}
		until := v.Now().Add(leaseTime)
		won, err := v.Store.LeaseConnection(waiting, c, until)
		if err != nil {
			return held{}, err
		}
		if won {
			if anew {
				h.Asked = v.Now()
			}
			h, err := v.ask(ctx, c, h, until)
			if !errors.Is(err, errChanged) {
				return h, err
			}
		}
		select {
		case <-waiting.Done():
			return held{}, waiting.Err()
		case <-time.After(lookAgain):
		}
	}
}

// errChanged says that the connection became another one meanwhile.
var errChanged = errors.New("vault: the connection has changed")

// ask asks the upstream, with the lease.
func (v *Vault) ask(ctx context.Context, c store.Connection, old held, until time.Time) (held, error) {
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	tokens, err := v.Upstreams[c.Login].Way.Refresh(asking, oauth.Secret(old.Refresh))
	ctx, cancelSave := context.WithTimeout(ctx, saveTime)
	defer cancelSave()
	if err != nil {
		return held{}, v.failed(ctx, c, old, lease{until, err})
	}
	if tokens.Refresh == "" {
		tokens.Refresh = oauth.Secret(old.Refresh) // RFC 6749 §6: it goes on being good
	}
	h := v.hold(c.Login, tokens)
	h.Subject, h.Session, h.Renewed, h.Asked, h.id = old.Subject, old.Session, v.Now(), old.Asked, tokens.ID
	to, err := v.seal(c, h)
	if err != nil {
		return held{}, err
	}
	won, err := v.save(ctx, c.Version, to)
	switch {
	case err != nil:
		// The old refresh token may be good for nothing now, and these are not handed
		// out: the next refresh decides whether the person has to connect again.
		v.Log.ErrorContext(ctx, "refreshed tokens of a connection could not be saved and are lost; the person may have to connect again",
			said(c, "cause", err)...)
		return held{}, err
	case !won:
		return held{}, errChanged // they connected again or disconnected, and that counts
	}
	v.nothingLost(ctx, c)
	return h, nil
}

// save writes what was got before anybody has it. A database that is away for a
// moment does not lose it.
func (v *Vault) save(ctx context.Context, from oauth.Digest, to store.Connection) (bool, error) {
	wait := saveWait
	for try := 1; ; try++ {
		won, err := v.Store.RenewConnection(ctx, from, to)
		if err == nil || try == saves {
			return won, err
		}
		select {
		case <-ctx.Done():
			return false, errors.Join(err, ctx.Err())
		case <-time.After(wait):
			wait *= 2
		}
	}
}

// A lease that ended without newer tokens, and why.
type lease struct {
	until time.Time
	cause error
}

// failed marks a connection dead, or gives the lease back.
func (v *Vault) failed(ctx context.Context, c store.Connection, h held, l lease) error {
	if oauth.AsError(l.cause).Code == oauth.InvalidGrant {
		err := v.died(ctx, c, h)
		switch {
		case err == nil:
			return v.ended(ctx, c, l.cause)
		case errors.Is(err, errChanged):
			return err
		}
		l.cause = err
	}
	v.Log.WarnContext(ctx, "a connection could not be refreshed", said(c, "cause", l.cause)...)
	return errors.Join(l.cause, v.Store.ReleaseConnection(context.WithoutCancel(ctx), c, l.until))
}

// died tells who has to know it, and marks a connection dead. In this order: of a
// process that ends between the two, the next refresh hears once more what this one
// heard. Who has connected again meanwhile is not who was refused.
func (v *Vault) died(ctx context.Context, c store.Connection, h held) error {
	now, err := v.Store.Connection(ctx, c)
	gone := errors.Is(err, store.ErrNotFound)
	switch {
	case gone && c.Resource == "":
		return errChanged // a tool acts as them by now, and is asked by, or they do not come in by it any more
	case gone: // who disconnects while an upstream says no was refused all the same
	case err != nil:
		return err
	case now.Version != c.Version:
		return errChanged
	}
	// Where a refresh before was never saved, the person's session there is over, or we are
	// another client now, it is that which the upstream refuses, and no person.
	if v.Gone != nil && v.unfinished(c).IsZero() && !h.Session && v.ours(c.Login, h) {
		if err := v.Gone(ctx, Connection{Person: c.Person, Login: c.Login, Resource: c.Resource}, h.Subject); err != nil {
			return err
		}
	}
	_, err = v.Store.KillConnection(ctx, c)
	return err
}
