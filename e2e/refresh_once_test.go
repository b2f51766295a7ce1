package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/e2e/person"
	"github.com/sallyport-dev/sallyport/login/standin"
)

// A borrowed token is a person's own token of GitHub, which a tool behind two replicas
// acts with. What GitHub gives for a code has ended when it comes.
type borrowed struct {
	first, second *door // second is nil where there is one process
	github        *standin.GitHub
	ada           *person.Person
	client        client
	access        string // of the client, for the door
	refresh       string
	told          chan struct{} // has a message when an answer of GitHub about tokens has gone out

	mu      sync.Mutex
	bearers map[string]int // what the tool was called with
}

// shortened has the first tokens of a connection end within a second.
func shortened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !bytes.Contains(body, []byte("grant_type=authorization_code")) {
			next.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		text := strings.NewReplacer("expires_in=28800", "expires_in=1", `"expires_in":28800`, `"expires_in":1`).Replace(answer.Body.String())
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = io.WriteString(w, text)
	})
}

// telling says when an answer about tokens has gone out.
func (b *borrowed) telling(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if strings.HasSuffix(r.URL.Path, "/access_token") {
			_ = http.NewResponseController(w).Flush()
			b.told <- struct{}{}
		}
	})
}

func borrow(t *testing.T) *borrowed {
	t.Helper()
	postgres.or(t)
	return borrowAt(t, func(more string) (first, second *door) { return twoReplicas(t, more) })
}

// borrowAt opens doors with more settings, and has ada connect.
func borrowAt(t *testing.T, open func(more string) (first, second *door)) *borrowed {
	t.Helper()
	b := &borrowed{bearers: map[string]int{}, told: make(chan struct{}, 1024)}
	b.github = standin.NewGitHub(standin.Client{ID: "door", Secret: elsewhereSecret}, standin.GitHubPerson{ID: 9, Login: "grace", Email: "grace@navy.example", Verified: true})
	b.github.Expiring = true
	there := httptest.NewServer(b.telling(shortened(b.github)))
	t.Cleanup(there.Close)
	tool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.bearers[r.Header.Get("Authorization")]++
		b.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":{}}`)
	}))
	t.Cleanup(tool.Close)
	b.first, b.second = open(fmt.Sprintf(`
login:
  - { type: local }
  - { type: github, url: %s, client_id: door, client_secret: %s }
resources:
  - { name: repos, title: Repositories, path: /mcp, upstream: "%s", connection: { provider: github, scopes: [repo] } }
`, there.URL, elsewhereSecret, tool.URL))
	b.github.Redirects(b.first.URL + "/oauth/callback/github")
	b.ada = b.first.visitor()
	b.ada.Elsewhere = there.URL
	b.client = b.first.register(t, loopbackRedirect, "none")
	b.connect(t)
	<-b.told
	if n := b.github.Count(standin.Token); n != 1 {
		t.Fatalf("GitHub was asked for tokens %d times on the way", n)
	}
	return b
}

// connect has ada come by the client.
func (b *borrowed) connect(t *testing.T) {
	t.Helper()
	a := b.client.tokens(t, b.ada, "")
	b.access, b.refresh = a.AccessToken, a.RefreshToken
}

// call calls the tool through a replica, and returns the status and Retry-After.
func (b *borrowed) call(ctx context.Context, through *door) (int, string, error) {
	return b.callWith(ctx, through, b.access)
}

func (b *borrowed) callWith(ctx context.Context, through *door, access string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, through.at+"/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
	if err != nil {
		return 0, "", err
	}
	r.Host = strings.TrimPrefix(b.first.URL, "http://") // a load balancer leaves it as it is
	r.Header = http.Header{"Authorization": {"Bearer " + access}, "Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	_, err = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return res.StatusCode, res.Header.Get("Retry-After"), err
}

// TestAThousandCallsThroughTwoReplicasRefreshOnce: GitHub's refresh tokens are good
// once, and a second refresh would have ended the connection.
func TestAThousandCallsThroughTwoReplicasRefreshOnce(t *testing.T) {
	b := borrow(t)
	grants := []string{b.access} // the door has at most 256 calls of one run at once
	for len(grants) < 5 {
		grants = append(grants, b.client.tokens(t, b.ada, "").AccessToken)
	}
	fault, arrived, release := standin.Hold()
	defer release()
	b.github.FailTimes(1, standin.Token, fault)
	const calls = 1000
	var answered [600]atomic.Int64 // by status
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() {
			status, _, err := b.callWith(t.Context(), []*door{b.first, b.second}[i%2], grants[i%len(grants)])
			if err != nil {
				t.Error(err)
				return
			}
			answered[status].Add(1)
		})
	}
	<-arrived // one of the replicas asks, and the other waits for it
	release()
	all.Wait()
	for status := range answered {
		if n := answered[status].Load(); n != 0 && status != http.StatusOK {
			t.Errorf("%d calls were answered %d", n, status)
		}
	}
	if ok := answered[http.StatusOK].Load(); ok != calls {
		t.Errorf("%d calls were answered 200", ok)
	}
	if n := b.github.Count(standin.Token) - 1; n != 1 {
		t.Errorf("GitHub was asked for newer tokens %d times", n)
	}
	if len(b.bearers) != 1 {
		t.Errorf("the tool was called with %d tokens", len(b.bearers))
	}
}

// TestAReplicaThatIsKilledWhileItRefreshes: calls are told to come again until its
// lease has ended, and then the other one refreshes; nothing is lost.
func TestAReplicaThatIsKilledWhileItRefreshes(t *testing.T) {
	b := borrow(t)
	fault, arrived, release := standin.Hold()
	defer release()
	b.github.FailTimes(1, standin.Token, fault)
	cut := make(chan error, 1)
	go func() {
		_, _, err := b.call(t.Context(), b.first)
		cut <- err
	}()
	<-arrived
	b.first.kill()
	if err := <-cut; err == nil {
		t.Error("the replica was killed, and answered")
	}
	status, again, err := b.call(t.Context(), b.second)
	if status != http.StatusServiceUnavailable || again == "" || err != nil {
		t.Fatalf("meanwhile the call is answered %d, with Retry-After %q, %v", status, again, err)
	}
	if n := b.github.Count(standin.Token) - 1; n != 1 {
		t.Errorf("GitHub was asked %d times, though somebody held the lease", n)
	}
	b.leaseEnds(t)
	if status, _, err := b.call(t.Context(), b.second); status != http.StatusOK || err != nil {
		t.Errorf("afterwards the call is answered %d, %v", status, err)
	}
	b.first.open()
	if status, _, err := b.call(t.Context(), b.first); status != http.StatusOK || err != nil {
		t.Errorf("the replica that is back answers %d, %v", status, err)
	}
	if n := b.github.Count(standin.Token) - 1; n != 2 {
		t.Errorf("GitHub was asked for newer tokens %d times", n)
	}
	b.second.close() // its log is whole
	if said := b.second.log.String(); !strings.Contains(said, "begun and never saved, and nothing is lost") {
		t.Error("the log does not say that a refresh was left behind, and that nothing is lost by it")
	}
}

// leaseEnds does what a minute would.
func (b *borrowed) leaseEnds(t *testing.T) {
	t.Helper()
	db := b.first.db()
	res, err := db.ExecContext(t.Context(), "UPDATE connections SET leased_until = $1 WHERE leased_until > $1", time.Now().UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); n != 1 || err != nil {
		t.Errorf("%d leases are held, %v", n, err)
	}
}
