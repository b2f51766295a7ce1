package login

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A wire answers instead of an upstream.
type wire func(r *http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// silence answers nothing until who asks has gone.
func silence(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

// midway begins to answer, and says no more.
func midway(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"access_token":`), endless{r.Context()}))}, nil
}

type endless struct{ ctx context.Context }

func (e endless) Read([]byte) (int, error) {
	<-e.ctx.Done()
	return 0, context.Cause(e.ctx)
}

func says(status int, body string) wire {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

// An upstream that says nothing is given up after ten seconds, however far it had
// come, and the person is told that it is slow.
func TestAnUpstreamThatSaysNothingIsGivenUp(t *testing.T) {
	for name, w := range map[string]wire{"before the answer": silence, "in the middle of the answer": midway} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				way := NewGitHub(GitHubOptions{ClientID: "door", Transport: w})
				began := time.Now()
				_, err := way.Return(t.Context(), Departure{Verifier: "v"}, url.Values{"code": {"the-code"}})
				e := oauth.AsError(err)
				if took := time.Since(began); took != upstreamTimeout || e.Description != upstreamSlow || e.Code != oauth.TemporarilyUnavailable || e.RetryAfter == 0 {
					t.Errorf("after %s: %v", took, err)
				}
				if !strings.Contains(e.Cause.Error(), atToken) || strings.Contains(e.Cause.Error(), "github.com") {
					t.Errorf("the cause is %v", e.Cause)
				}
			})
		})
	}
}

// However many come while the metadata do not, nobody waits for longer than one.
func TestManyWhoWaitForTheMetadataWaitOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		way := NewOIDC(OIDCOptions{Issuer: "https://okta.example", ClientID: "door", Now: time.Now, Transport: wire(func(r *http.Request) (*http.Response, error) {
			asked++
			return silence(r)
		})})
		began := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := way.Leave(t.Context(), Departure{}); oauth.AsError(err).Description != upstreamSlow {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); took != upstreamTimeout || asked != 1 {
			t.Errorf("they waited for %s, and it was asked %d times", took, asked)
		}
	})
}

// Old metadata and old keys serve while newer ones cannot be had, and nobody waits
// for those again and again.
func TestWhatIsKnownOfAnUpstreamServesWhileItIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := says(http.StatusOK, `{"issuer":"https://okta.example","authorization_endpoint":"https://okta.example/a","token_endpoint":"https://okta.example/t","jwks_uri":"https://okta.example/k"}`)
		way := NewOIDC(OIDCOptions{Issuer: "https://okta.example", ClientID: "door", Now: time.Now,
			Transport: wire(func(r *http.Request) (*http.Response, error) { return answer(r) })})
		leave := func(want time.Duration) {
			t.Helper()
			began := time.Now()
			if _, err := way.Leave(t.Context(), Departure{}); err != nil || time.Since(began) != want {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
		}
		leave(0)
		time.Sleep(2 * discoveryAge)
		answer = silence
		leave(upstreamTimeout)
		leave(0)
		time.Sleep(2 * discoveryPace)
		leave(upstreamTimeout)
	})
}

// Who leaves while the metadata are fetched leaves at once, and those who stay have
// them.
func TestWhoLeavesDoesNotEndTheLookOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		way := NewOIDC(OIDCOptions{Issuer: "https://okta.example", ClientID: "door", Now: time.Now, Transport: wire(func(r *http.Request) (*http.Response, error) {
			select {
			case <-open:
				return says(http.StatusOK, `{"issuer":"https://okta.example","authorization_endpoint":"a","token_endpoint":"t","jwks_uri":"k"}`)(r)
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		})})
		leaving, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := way.Leave(leaving, Departure{}); err == nil {
				t.Error("who left was answered")
			}
		})
		synctest.Wait()
		all.Go(func() {
			if _, err := way.Leave(t.Context(), Departure{}); err != nil {
				t.Error(err)
			}
		})
		cancel()
		synctest.Wait()
		close(open)
		all.Wait()
	})
}

// What an upstream answers is in no error: it may be about somebody, or have the
// length that it likes.
func TestWhatAnUpstreamAnswersIsInNoError(t *testing.T) {
	const body = "the-body-of-the-answer"
	for _, c := range []struct {
		name   string
		status int
		body   string
	}{
		{"a failure", 500, body}, {"no such page", 404, body}, {"something else than JSON", 200, body},
		{"half of an answer", 200, `{"` + body + `":`}, {"a form that cannot be read", 200, "%zz" + body}, {"a refusal", 400, `{"error":"` + body + `","error_description":"` + body + `"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			way := NewOIDC(OIDCOptions{Issuer: "https://okta.example", ClientID: "door", Now: time.Now, Transport: says(c.status, c.body)})
			_, discovery := way.Leave(t.Context(), Departure{})
			_, token := NewGitHub(GitHubOptions{ClientID: "door", Transport: says(c.status, c.body)}).Return(t.Context(), Departure{}, url.Values{"code": {"x"}})
			for _, err := range []error{discovery, token} {
				if e := oauth.AsError(err); e.Code == oauth.ServerError || e.Cause == nil || strings.Contains(e.Cause.Error(), body) {
					t.Errorf("%+v", e)
				}
			}
		})
	}
}
