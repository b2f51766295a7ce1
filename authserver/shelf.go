package authserver

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/sallyport-dev/sallyport/internal/safehttp"
)

// A shelf keeps what was fetched from URLs that strangers wrote. Whether a copy
// is still fresh is for the HTTP headers to say, within bounds. A copy that is
// not stays for the day when its host refuses us. An error is never kept.
type shelf[T any] struct {
	fetch func(ctx context.Context, url string) (safehttp.Answer, error)
	read  func(url string, body []byte) (T, error)
	now   func() time.Time
	// fallback is asked for what was never had; nil: there is none.
	fallback func(url string) (T, bool)

	flights singleflight.Group
	copies  *otter.Cache[string, taken[T]]
}

// taken is a copy, and until when it needs not, and may not, be fetched again.
type taken[T any] struct {
	value   T
	at      time.Time
	fresh   time.Time
	discard time.Time // when it is too old even for want of a better one
	refused bool      // the host gave no newer one when it was last asked
}

// The bounds of a copy's life. What a vendor withdraws is believed for at most
// maxFresh; a host that does not answer is asked once in retryAfter.
const (
	minFresh     = time.Minute
	defaultFresh = time.Hour
	maxFresh     = 24 * time.Hour
	lastGood     = 7 * 24 * time.Hour
	retryAfter   = time.Minute
	shelfSize    = 1000
)

// errUnreachable is of a host that gave no document, for now or for us.
var errUnreachable = errors.New("authserver: the host gave no document")

// errGone is of a host that said that there is none.
var errGone = errors.New("authserver: the host says there is no such document")

func newShelf[T any](now func() time.Time, read func(string, []byte) (T, error),
	fetch func(context.Context, string) (safehttp.Answer, error)) *shelf[T] {
	// It keeps what is asked for often: a stranger who names a thousand URLs once
	// pushes out no vendor.
	return &shelf[T]{fetch: fetch, read: read, now: now,
		copies: otter.Must(&otter.Options[string, taken[T]]{MaximumSize: shelfSize})}
}

// get returns a copy that is fresh, and that was fetched at or after since. may is
// asked before anything is fetched.
func (s *shelf[T]) get(ctx context.Context, url string, since time.Time, may func() error) (taken[T], error) {
	var none taken[T]
	if copied, ok := s.copies.GetIfPresent(url); ok && s.now().Before(copied.fresh) && !copied.at.Before(since) {
		return copied, nil
	}
	if err := may(); err != nil {
		return none, err
	}
	// Who asks meanwhile gets the same answer, so it must not end with the first
	// who asked.
	result := s.flights.DoChan(url, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), safehttp.Timeout)
		defer cancel()
		return s.renew(ctx, url)
	})
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case r := <-result:
		if r.Err != nil {
			return none, r.Err
		}
		return r.Val.(taken[T]), nil
	}
}

// peek returns a copy of any age, and fetches nothing.
func (s *shelf[T]) peek(url string) (T, bool) {
	copied, ok := s.copies.GetIfPresent(url)
	return copied.value, ok
}

// renew fetches. Only an answer that is no document falls back to the last good
// copy: what a document says, if only that it is no client any more, is so.
func (s *shelf[T]) renew(ctx context.Context, url string) (taken[T], error) {
	var none taken[T]
	body, fresh, err := s.download(ctx, url)
	now := s.now()
	switch {
	case errors.Is(err, errUnreachable):
		copied, ok := s.copies.GetIfPresent(url)
		if (!ok || !now.Before(copied.discard)) && s.fallback != nil {
			copied.value, ok = s.fallback(url)
			copied.at, copied.discard = now, now.Add(retryAfter)
		}
		if !ok || !now.Before(copied.discard) {
			return none, err
		}
		copied.fresh, copied.refused = now.Add(retryAfter), true
		s.copies.Set(url, copied)
		return copied, nil
	case err != nil:
		s.copies.Invalidate(url)
		return none, err
	}
	value, err := s.read(url, body)
	if err != nil {
		s.copies.Invalidate(url)
		return none, err
	}
	copied := taken[T]{value: value, at: now, fresh: now.Add(fresh), discard: now.Add(lastGood)}
	s.copies.Set(url, copied)
	return copied, nil
}

// download returns a document and for how long it is fresh.
//
// draft-ietf-oauth-client-id-metadata-document §5: "The authorization server MUST
// NOT automatically follow HTTP redirects when retrieving the client metadata
// document", and anything but 200 is an error.
func (s *shelf[T]) download(ctx context.Context, url string) ([]byte, time.Duration, error) {
	answer, err := s.fetch(ctx, url)
	switch {
	case err != nil:
		return nil, 0, errors.Join(errUnreachable, err)
	case answer.Status == http.StatusNotFound || answer.Status == http.StatusGone:
		return nil, 0, errGone
	case answer.Status != http.StatusOK:
		return nil, 0, errors.Join(errUnreachable, errors.New("it answered "+strconv.Itoa(answer.Status)))
	case !isJSON(answer.Header.Get("Content-Type")):
		return nil, 0, errors.Join(errUnreachable, errors.New("it answered something that is not JSON"))
	}
	return answer.Body, freshness(answer.Header, s.now()), nil
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

// freshness is what the headers say, within our bounds. RFC 9111 §4.2.1.
func freshness(h http.Header, now time.Time) time.Duration {
	said := defaultFresh
	if expires, err := http.ParseTime(h.Get("Expires")); err == nil {
		said = expires.Sub(now)
	}
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return minFresh
		case "max-age":
			if seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				age, _ := strconv.ParseUint(h.Get("Age"), 10, 31) // absent: 0
				said = time.Duration(seconds)*time.Second - time.Duration(age)*time.Second
			}
		}
	}
	return min(max(said, minFresh), maxFresh)
}
