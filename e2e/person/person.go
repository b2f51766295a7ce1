// Package person is someone with a browser, for tests. They go where a client
// sends them, sign in, allow what is asked, and come back with the URL that the
// browser would open last, which is the client's answer.
//
// It sees what a browser without JavaScript sees, and finds fields and buttons
// by their names on the page.
package person

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// A Person keeps their cookies from one visit to the next, as a browser does.
// They do one thing at a time.
type Person struct {
	Username, Password string
	// Leaves are the names of optional permissions that they do not tick the
	// next time they are asked.
	Leaves []string
	// Elsewhere is another service, scheme and host, at which they are signed in and
	// agree to everything; empty: they go nowhere else.
	Elsewhere string
	// Seen are the paths of the pages that were shown to them, oldest first.
	Seen []string

	site   *url.URL
	client *http.Client
}

// New is someone whose sign-in pages are at site, scheme and host.
func New(site, username, password string) (*Person, error) {
	u, err := url.Parse(site)
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &Person{
		Username: username, Password: password, site: u,
		client: &http.Client{
			Jar:     jar,
			Timeout: 30 * time.Second,
			// A redirect may leave the site; whether it does is what we look for.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// ErrStopped is a page that leads nowhere: an error page, or one that asks for
// what a person here cannot do.
var ErrStopped = errors.New("the person cannot go on from this page")

// Allow goes where a client sends them and says yes. The URL returned is where
// the browser goes when it leaves the site.
func (p *Person) Allow(ctx context.Context, authorizationURL string) (*url.URL, error) {
	return p.answer(ctx, authorizationURL, "allow")
}

// Deny goes where a client sends them and says no.
func (p *Person) Deny(ctx context.Context, authorizationURL string) (*url.URL, error) {
	return p.answer(ctx, authorizationURL, "deny")
}

// Deliver opens the URL that Allow or Deny returned, where a client listens,
// and returns the page that the client shows. Clients that first send someone
// to the browser and then begin to listen count on people being slow: while
// nobody listens, Deliver tries again, for half a minute.
func (p *Person) Deliver(ctx context.Context, u *url.URL) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	res, err := p.send(ctx, http.MethodGet, u, nil)
	for errors.Is(err, syscall.ECONNREFUSED) && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
		res, err = p.send(ctx, http.MethodGet, u, nil)
	}
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode >= 400 {
		err = fmt.Errorf("the client answers %s: %s", res.Status, body)
	}
	return string(body), err
}

// longest is how many redirects and pages a sign-in may have.
const longest = 12

func (p *Person) answer(ctx context.Context, start, decision string) (*url.URL, error) {
	defer func() { p.Leaves = nil }()
	at, err := url.Parse(start)
	if err != nil {
		return nil, err
	}
	var fill url.Values // nil: the page is fetched, not a form sent
	for range longest {
		there := at.Scheme + "://" + at.Host
		if (at.Scheme != p.site.Scheme || at.Host != p.site.Host) && there != p.Elsewhere {
			return at, nil
		}
		method := http.MethodGet
		if fill != nil {
			method = http.MethodPost
		}
		res, err := p.send(ctx, method, at, fill)
		if err != nil {
			return nil, err
		}
		if at, fill, err = p.next(res, decision); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: more than %d steps", ErrStopped, longest)
}

func (p *Person) send(ctx context.Context, method string, u *url.URL, form url.Values) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", p.site.Scheme+"://"+p.site.Host)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return p.client.Do(req)
}

// next reads an answer and says what the person sends next, and where to.
func (p *Person) next(res *http.Response, decision string) (*url.URL, url.Values, error) {
	defer res.Body.Close()
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		to, err := res.Location()
		return to, nil, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, nil, err
	}
	here := res.Request.URL
	p.Seen = append(p.Seen, here.Path)
	shown, err := read(body)
	if err != nil {
		return nil, nil, fmt.Errorf("the page at %s cannot be read: %w", here.Path, err)
	}
	stopped := func() error {
		return fmt.Errorf("%w: %s, %s: %s", ErrStopped, here.Path, res.Status, shown.text())
	}
	if res.StatusCode >= 400 {
		return nil, nil, stopped()
	}
	form, values := p.fill(shown, decision)
	if form == nil {
		return nil, nil, stopped()
	}
	to, err := here.Parse(form.action)
	return to, values, err
}

// fill finds the form that goes on and fills it in.
func (p *Person) fill(shown page, decision string) (*form, url.Values) {
	for _, f := range shown.forms {
		switch {
		case f.has("password") && f.has("username"):
			v := f.values(nil)
			v.Set("username", p.Username)
			v.Set("password", p.Password)
			return f, v
		case f.hasButton("decision", decision):
			v := f.values(p.Leaves)
			v.Set("decision", decision)
			return f, v
		case p.Elsewhere != "" && strings.HasPrefix(f.action, "/connect/"):
			return f, f.values(nil)
		}
	}
	return nil, nil
}
