package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// start measures how long the binary takes to be ready on an installation that
// exists, and how much memory it then has.
func (o options) start(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "sallyport-start")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var first float64
	var ready, memory []float64
	for round := range 2*o.rounds + 1 {
		s, err := startServer(ctx, o.binary, "--data", dir)
		if err != nil {
			return err
		}
		if round == 0 {
			first = float64(s.ready.Milliseconds())
			s.stop()
			continue
		}
		resident, err := s.resident()
		s.stop()
		if err != nil {
			return err
		}
		ready, memory = append(ready, float64(s.ready.Milliseconds())), append(memory, resident)
	}
	fmt.Printf("%-34s %8.0f ms (the very first time %.0f ms)   %.1f MB resident when idle\n", "start: ready and memory", median(ready), first, median(memory))
	return nil
}

// metadata compares a document with a bare handler's.
func (o options) metadata(ctx context.Context) error {
	w := world{algorithm: "ES256"}
	defer w.close()
	if err := w.open(ctx, o); err != nil {
		return err
	}
	document, stop, err := startBare("document")
	if err != nil {
		return err
	}
	defer stop()
	get := []byte("GET /.well-known/oauth-authorization-server HTTP/1.1\r\nHost: localhost\r\n\r\n")
	workers := func() ([]worker, error) { return same(o.connections, get), nil }
	return o.pair(ctx, "metadata document", w.server.side(workers), document.as("bare handler", workers))
}

// refresh compares rotations with bare signatures. Every connection has a
// grant of its own, and uses the successor that it was given.
func (o options) refresh(ctx context.Context, w world) error {
	defer w.close()
	if err := w.open(ctx, o); err != nil {
		return err
	}
	signer, stop, err := startBare(w.algorithm)
	if err != nil {
		return err
	}
	defer stop()
	var peak float64
	sign := func() ([]worker, error) {
		if resident, err := w.server.resident(); err == nil {
			peak = max(peak, resident)
		}
		return same(o.connections, post("/token", form, "grant_type=refresh_token&client_id=bench&refresh_token=x")), nil
	}
	name := fmt.Sprintf("refresh, %s, %s", w.algorithm, w.engine())
	err = o.pair(ctx, name, w.server.side(w.rotations(ctx, o)), signer.as("bare signature", sign))
	fmt.Printf("%-34s %8.1f MB resident after the load\n", "", peak)
	return err
}

// rotations is a grant on each connection.
func (w world) rotations(ctx context.Context, o options) func() ([]worker, error) {
	return func() ([]worker, error) {
		workers := make([]worker, o.connections)
		for i := range workers {
			refresh, _, err := w.grant(ctx)
			if err != nil {
				return nil, err
			}
			workers[i] = rotation(string(refresh))
		}
		return workers, nil
	}
}

func (w world) engine() string {
	if w.postgres {
		return "PostgreSQL"
	}
	return "SQLite"
}

var refreshMember = []byte(`"refresh_token":"`)

func rotation(refresh string) worker {
	return func(w *wire) error {
		status, body, err := w.ask(post("/oauth/token", form, "grant_type=refresh_token&client_id="+clientID+"&refresh_token="+refresh))
		if err != nil {
			return err
		}
		_, after, found := bytes.Cut(body, refreshMember)
		end := bytes.IndexByte(after, '"')
		if status != 200 || !found || end < 0 {
			return fmt.Errorf("status %d: %s", status, body)
		}
		refresh = string(after[:end])
		return nil
	}
}

// exchange compares redemptions of codes with bare signatures. The codes are
// fetched before each round, by a browser that has agreed before.
func (o options) exchange(ctx context.Context, w world) error {
	defer w.close()
	if err := w.open(ctx, o); err != nil {
		return err
	}
	signer, stop, err := startBare(w.algorithm)
	if err != nil {
		return err
	}
	defer stop()
	// More than can be redeemed in a round.
	redeem, err := w.redemptions(ctx, o, int(9_000*o.round.Seconds()))
	if err != nil {
		return err
	}
	sign := func() ([]worker, error) {
		return same(o.connections, post("/token", form, "grant_type=authorization_code&client_id=bench&code=x")), nil
	}
	name := fmt.Sprintf("code exchange, %s, %s", w.algorithm, w.engine())
	return o.pair(ctx, name, w.server.side(redeem), signer.as("bare signature", sign))
}

// redemptions is n codes, divided among the connections.
func (w world) redemptions(ctx context.Context, o options, n int) (func() ([]worker, error), error) {
	cookie, err := w.session(ctx)
	return func() ([]worker, error) {
		codes, err := w.codes(ctx, cookie, o.connections, n/o.connections)
		workers := make([]worker, o.connections)
		for i := range workers {
			workers[i] = redemption(codes[i])
		}
		return workers, err
	}, err
}

const verifier = "a-verifier-that-is-long-enough-for-RFC-7636-and-no-secret"

// codes fetches n codes on each of several connections.
func (w world) codes(ctx context.Context, cookie string, connections, n int) ([][]string, error) {
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {redirectURI}, "scope": {scopeRead},
		"resource": {resourceID}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	codes := make([][]string, connections)
	errs := make([]error, connections)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() {
			for range n {
				r, err := http.NewRequestWithContext(ctx, "GET", "http://"+w.server.address+"/oauth/authorize?"+query.Encode(), nil)
				if err != nil {
					errs[i] = err
					return
				}
				r.Header.Set("Cookie", cookie)
				res, err := client.Do(r)
				if err != nil {
					errs[i] = err
					return
				}
				res.Body.Close()
				u, err := res.Location()
				if err != nil || u.Query().Get("code") == "" {
					errs[i] = fmt.Errorf("no code: %s %s", res.Status, res.Header.Get("Location"))
					return
				}
				codes[i] = append(codes[i], u.Query().Get("code"))
			}
		})
	}
	all.Wait()
	return codes, errors.Join(errs...)
}

func redemption(codes []string) worker {
	return func(w *wire) error {
		if len(codes) == 0 {
			return errOut
		}
		code := codes[0]
		codes = codes[1:]
		status, body, err := w.ask(post("/oauth/token", form, "grant_type=authorization_code&client_id="+clientID+
			"&code="+code+"&code_verifier="+verifier+"&redirect_uri="+url.QueryEscape(redirectURI)))
		if err == nil && status != 200 {
			err = fmt.Errorf("status %d: %s", status, body)
		}
		return err
	}
}

// guarded compares tool calls through the gateway with the same calls through a
// bare reverse proxy, and with calls of the upstream itself.
func (o options) guarded(ctx context.Context, identity string) error {
	upstream, stop, err := startBare("upstream")
	if err != nil {
		return err
	}
	defer stop()
	proxy, stopProxy, err := startBare("proxy=http://" + upstream.address)
	if err != nil {
		return err
	}
	defer stopProxy()
	w := world{algorithm: "ES256", upstream: "http://" + upstream.address + "/mcp", identity: identity}
	defer w.close()
	if err := w.open(ctx, o); err != nil {
		return err
	}
	workers, err := w.calls(ctx, o)
	if err != nil {
		return err
	}
	name := "guarded call, identity " + identity
	gateway := w.server.side(workers)
	return errors.Join(
		o.pair(ctx, name, gateway, proxy.as("bare proxy", workers)),
		o.pair(ctx, name, gateway, upstream.as("no proxy", workers)))
}

// calls is the same tool call on each connection.
func (w world) calls(ctx context.Context, o options) (func() ([]worker, error), error) {
	_, access, err := w.grant(ctx)
	call := post("/mcp", "application/json", toolCall, "Accept", "application/json, text/event-stream",
		"MCP-Protocol-Version", "2025-06-18", "Authorization", "Bearer "+string(access))
	return func() ([]worker, error) { return same(o.connections, call), nil }, err
}

// race uses one refresh token 20 times at once, ten rounds, and counts the
// successors.
func (o options) race(ctx context.Context) error {
	w := world{algorithm: "ES256"}
	defer w.close()
	if err := w.open(ctx, o); err != nil {
		return err
	}
	refresh, _, err := w.grant(ctx)
	if err != nil {
		return err
	}
	successors := map[string]bool{}
	began := time.Now()
	for range 10 {
		answered, err := atOnce(w.server.address, string(refresh), 20)
		if err != nil {
			return err
		}
		for _, token := range answered {
			successors[token] = true
			refresh = oauth.Secret(token)
		}
	}
	fmt.Printf("%-34s %8d successors in 10 rounds of 20 uses (%s)\n", "one refresh token, 20 at once", len(successors), time.Since(began).Round(time.Millisecond))
	return nil
}

// atOnce uses one refresh token n times at the same moment.
func atOnce(address, refresh string, n int) ([]string, error) {
	request := post("/oauth/token", form, "grant_type=refresh_token&client_id="+clientID+"&refresh_token="+refresh)
	answers, errs := make([]string, n), make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		w, err := dial(address)
		if err != nil {
			return nil, err
		}
		all.Go(func() {
			defer w.conn.Close()
			<-start
			status, body, err := w.ask(request)
			_, after, found := strings.Cut(string(body), string(refreshMember))
			answers[i], _, _ = strings.Cut(after, `"`)
			if err == nil && (status != 200 || !found) {
				err = fmt.Errorf("status %d: %s", status, body)
			}
			errs[i] = err
		})
	}
	close(start)
	all.Wait()
	return answers, errors.Join(errs...)
}
