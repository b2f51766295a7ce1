package standin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestFaultsOfTokens: the library that programs use notices each of them.
func TestFaultsOfTokens(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault Fault
		error string // of go-oidc; empty if it does not look there
	}{
		{"another audience", WrongAudience(), "expected audience"},
		{"another issuer", WrongIssuer(), "issued by a different provider"},
		{"expired", Expired(), "token is expired"},
		{"a key that is unknown", UnknownKey(), "failed to verify signature"},
		{"no signature", AlgorithmNone(), "malformed jwt"},
		{"the public key for a secret", AlgorithmHS256(), "malformed jwt"},
		{"a clock that is slow", ClockOff(-2 * time.Hour), "token is expired"},
		{"a clock that is fast", ClockOff(time.Minute), ""},
		{"another nonce", WrongNonce(), ""},
		{"something else", Alter(func(claims map[string]any) { delete(claims, "nonce"); claims["email_verified"] = false }), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlex(t)
			p.FailTimes(1, Token, test.fault)
			token, err := p.verify(t, p.sign(t).text(t, "id_token"))
			switch {
			case test.error != "":
				if err == nil || !strings.Contains(err.Error(), test.error) {
					t.Errorf("got %v, want %q", err, test.error)
				}
			case err != nil:
				t.Error(err)
			case token.Nonce == "once" && !strings.HasPrefix(test.name, "a clock"):
				t.Error("nothing was changed")
			}
			if _, err := p.verify(t, p.sign(t).text(t, "id_token")); err != nil {
				t.Error("the next one has a fault too:", err)
			}
		})
	}
}

func TestFaultsOfTheWire(t *testing.T) {
	for _, test := range []struct {
		name   string
		fault  Fault
		status int
		header string // name: value
		body   string // is in it
	}{
		{"an internal error", Status(500), 500, "Content-Type: text/plain; charset=utf-8", "Internal Server Error"},
		{"come back later", Unavailable(90 * time.Second), 503, "Retry-After: 90", ""},
		{"a page", HTML(200), 200, "Content-Type: text/html; charset=utf-8", "<!DOCTYPE html>"},
		{"another content type", ContentType("text/plain"), 200, "Content-Type: text/plain", `"issuer"`},
		{"far too much", Huge(1 << 20), 200, "Content-Type: application/json", `"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlex(t)
			p.Fail(Discovery, test.fault)
			for range 2 {
				got := get(t, p.url+"/.well-known/openid-configuration")
				name, value, _ := strings.Cut(test.header, ": ")
				wants(t, "status", got.status, test.status)
				wants(t, name, got.header.Get(name), value)
				if !strings.Contains(got.body, test.body) {
					t.Errorf("%s is not in %.200s", test.body, got.body)
				}
			}
			p.Heal(Discovery)
			wants(t, "healed", get(t, p.url+"/.well-known/openid-configuration").text(t, "issuer"), p.url)
			wants(t, "the count", p.Count(Discovery), 3)
		})
	}
	p := newPlex(t)
	p.Fail(Keys, Huge(1<<20))
	wants(t, "its size", len(get(t, p.url+"/oauth2/v3/certs").body), 1<<20+len(`{"padding":""}`))
}

func TestAConnectionIsReset(t *testing.T) {
	p := newPlex(t)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, _ := http.NewRequestWithContext(t.Context(), "POST", p.url+"/token", strings.NewReader("x=y"))
	p.FailTimes(1, Token, Reset())
	if answer, err := client.Do(r); err == nil {
		answer.Body.Close()
		t.Errorf("it answered %d", answer.StatusCode)
	}
	wants(t, "the count", p.Count(Token), 1)
}

func TestAnAnswerIsHeld(t *testing.T) {
	p := newPlex(t)
	fault, arrived, release := Hold()
	defer release()
	p.Fail(Discovery, fault)

	ctx, giveUp := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(ctx, "GET", p.url+"/.well-known/openid-configuration", nil)
	result := make(chan error, 1)
	go func() {
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			answer.Body.Close()
		}
		result <- err
	}()
	<-arrived
	giveUp()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up got %v", err)
	}

	status := make(chan int, 1)
	go func() {
		answer, err := http.Get(p.url + "/.well-known/openid-configuration")
		if err != nil {
			status <- 0
			return
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		status <- answer.StatusCode
	}()
	<-arrived
	release()
	wants(t, "who waited", <-status, 200)
}

// TestFaultsPlayInOrder: those that end come first, and Fail replaces them all.
func TestFaultsPlayInOrder(t *testing.T) {
	p := newPlex(t)
	p.FailTimes(2, Discovery, Status(500))
	p.FailTimes(1, Discovery, Status(502))
	var got []int
	for range 4 {
		got = append(got, get(t, p.url+"/.well-known/openid-configuration").status)
	}
	wants(t, "the answers", fmt.Sprint(got), "[500 500 502 200]")
	p.FailTimes(1, Discovery, Status(500))
	p.Fail(Discovery, Status(503))
	wants(t, "the last word", get(t, p.url+"/.well-known/openid-configuration").status, 503)
}

func TestManyAtOnce(t *testing.T) {
	p := newPlex(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5 {
				p.FailTimes(1, Keys, Status(500))
				p.sign(t)
				get(t, p.url+"/oauth2/v3/certs")
				p.Last(Token)
				p.Heal(Keys)
				p.SignIn("bo@gmail.example")
			}
		})
	}
	all.Wait()
	wants(t, "the count", p.Count(Token), 20)
}

// TestAnswersThatAreLostOnTheWay: what was asked is done, and who asked does not
// learn it.
func TestAnswersThatAreLostOnTheWay(t *testing.T) {
	for name, fault := range map[string]Fault{"cut": Cut(), "truncated": Truncated()} {
		p := newPlex(t)
		p.FailTimes(1, Discovery, fault)
		answer, err := http.Get(p.url + "/.well-known/openid-configuration")
		if err != nil {
			t.Fatal(name, err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if len(body) == 0 || strings.HasSuffix(string(body), "}") || (err != nil) != (name == "cut") {
			t.Errorf("%s: %d octets, %v", name, len(body), err)
		}
	}
	p := newPlex(t)
	fault, done, release := Late()
	p.FailTimes(1, Discovery, fault)
	p.FailTimes(1, Discovery, Stall())
	for range 2 {
		ctx, giveUp := context.WithCancel(t.Context())
		r, _ := http.NewRequestWithContext(ctx, "GET", p.url+"/.well-known/openid-configuration", nil)
		go func() {
			select {
			case <-done:
				giveUp()
			case <-ctx.Done():
			}
		}()
		answer, err := http.DefaultClient.Do(r)
		if err == nil { // the headers of what stalls
			time.AfterFunc(10*time.Millisecond, giveUp)
			_, err = io.ReadAll(answer.Body)
			answer.Body.Close()
		}
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	release()
	wants(t, "afterwards", get(t, p.url+"/.well-known/openid-configuration").status, 200)
}
