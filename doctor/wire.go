package doctor

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// maxBody is how much of an answer is read. The page of a widget is half a
	// megabyte.
	maxBody = 2 << 20
	// maxRequests is how many requests an examination makes.
	maxRequests = 240
	// maxHops is how many redirects of one request are followed.
	maxHops = 8
	// maxRests is how often the doctor waits because the server says that there
	// are too many requests.
	maxRests = 4
	// patience is how long a request may take: longer than any client waits.
	patience = 35 * time.Second
	// allPatience is how long all requests together may take. Where a person signs
	// in, the time that takes is not counted.
	allPatience = 4 * time.Minute
	// eventPatience is how long a stream may take to its first answer.
	eventPatience = 15 * time.Second
)

// errSpent is a request that was not made any more.
var errSpent = fmt.Errorf("the examination made %d requests or took %s, which is all it may", maxRequests, allPatience)

// An ask is a request that is to be made.
type ask struct {
	purpose string
	method  string // empty: GET
	url     string
	header  map[string]string
	body    string
	follow  bool                 // redirects
	glance  bool                 // the header is enough; the body is not read
	stop    func(at string) bool // an address that redirects are not followed to; nil: none
}

// An exchange is a request and what became of it.
type exchange struct {
	ask
	status int
	answer http.Header
	text   []byte
	cut    bool // there was more than maxBody
	tls    *tls.ConnectionState
	err    error
	took   time.Duration
	hops   []string // where redirects led; the last one answered
}

// ok reports whether there is an answer with this status.
func (x *exchange) ok() bool { return x != nil && x.err == nil && x.status == http.StatusOK }

// mediaType is the content type of the answer without its parameters.
func (x *exchange) mediaType() string {
	kind, _, err := mime.ParseMediaType(x.answer.Get("Content-Type"))
	if err != nil {
		return strings.TrimSpace(x.answer.Get("Content-Type"))
	}
	return kind
}

func (x *exchange) isJSON() bool {
	kind := x.mediaType()
	return kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
}

// end is the address that answered.
func (x *exchange) end() string {
	if len(x.hops) > 0 {
		return x.hops[len(x.hops)-1]
	}
	return x.url
}

// A wire sends requests and keeps what became of them.
type wire struct {
	client *http.Client
	trace  []*exchange
	agent  string // of requests that name none
	jar    http.CookieJar
	told   func(purpose string)
	now    func() time.Time
	spent  *spent
	// patience is how long each request may take.
	patience time.Duration
	// rest waits before a request is made again.
	rest func(ctx context.Context, d time.Duration)
}

// spent is what the requests of an examination cost so far.
type spent struct {
	took  time.Duration
	rests int
	all   bool // a request was not made because of it
}

// send makes one request, and follows its redirects where that is asked for.
// It never fails: what went wrong is part of what is seen.
func (w *wire) send(ctx context.Context, a ask) *exchange {
	if a.method == "" {
		a.method = http.MethodGet
	}
	x := &exchange{ask: a}
	if len(w.trace) >= maxRequests || w.spent.took >= allPatience {
		w.spent.all = true
		x.err = errSpent
		return x
	}
	w.trace = append(w.trace, x)
	if w.told != nil {
		w.told(a.purpose)
	}
	began := w.now()
	w.travel(ctx, x)
	if x.err == nil && x.status == http.StatusTooManyRequests && w.spent.rests < maxRests {
		w.spent.rests++
		w.rest(ctx, retryAfter(x))
		began, x.hops = w.now(), nil
		w.travel(ctx, x)
	}
	x.took = w.now().Sub(began)
	w.spent.took += x.took
	return x
}

// retryAfter is how long the server wants to be left alone, within reason.
// RFC 9110 §10.2.3.
func retryAfter(x *exchange) time.Duration {
	seconds, err := strconv.Atoi(x.answer.Get("Retry-After"))
	if err != nil {
		return 2 * time.Second
	}
	return min(max(time.Duration(seconds)*time.Second, time.Second), 10*time.Second)
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// travel makes the request and those that its redirects ask for.
func (w *wire) travel(ctx context.Context, x *exchange) {
	ctx, cancel := context.WithTimeout(ctx, w.patience)
	defer cancel()
	method, at := x.method, x.url
	for range maxHops {
		next, err := w.hop(ctx, x, method, at)
		if err != nil || next == "" {
			x.err = err
			return
		}
		if x.status == http.StatusSeeOther || method == http.MethodPost && x.status < http.StatusTemporaryRedirect {
			method = http.MethodGet
		}
		at = next
		x.hops = append(x.hops, next)
	}
	x.err = errors.New("it is redirected again and again")
}

// hop is one request of several. It returns where the answer sends us, where
// that is to be followed.
func (w *wire) hop(ctx context.Context, x *exchange, method, at string) (next string, err error) {
	var body io.Reader
	if method == x.method && x.body != "" {
		body = strings.NewReader(x.body)
	}
	req, err := http.NewRequestWithContext(ctx, method, at, body)
	if err != nil {
		return "", err
	}
	req.Header.Set("User-Agent", w.agent)
	for name, value := range x.header {
		if strings.EqualFold(name, "Authorization") && !sameOrigin(x.url, at) {
			continue // a credential never goes to another origin
		}
		req.Header.Set(name, value)
	}
	client := *w.client
	client.Jar = w.jar
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	x.status, x.answer, x.tls = res.StatusCode, res.Header, res.TLS
	if !x.glance {
		if x.text, x.cut, err = read(res); err != nil {
			return "", fmt.Errorf("the answer broke off: %w", err)
		}
	}
	if !x.follow || res.StatusCode < 300 || res.StatusCode > 399 || res.Header.Get("Location") == "" {
		return "", nil
	}
	to, err := req.URL.Parse(res.Header.Get("Location"))
	if err != nil || to.Scheme != "http" && to.Scheme != "https" {
		return "", nil // to a program, or to nowhere: it is the last thing seen
	}
	if x.stop != nil && x.stop(to.String()) {
		return "", nil
	}
	return to.String(), nil
}

// read reads an answer: all of it, or of a stream of events as much as is
// needed to see the first answer in it.
func read(res *http.Response) (text []byte, cut bool, err error) {
	if kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind == "text/event-stream" {
		return readEvents(res.Body)
	}
	text, err = io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if len(text) > maxBody {
		return text[:maxBody], true, nil
	}
	return text, false, err
}

// readEvents reads up to the end of the first event that carries a JSON-RPC
// answer. A stream that says nothing in time is an empty answer.
func readEvents(body io.ReadCloser) ([]byte, bool, error) {
	late := time.AfterFunc(eventPatience, func() { body.Close() })
	defer late.Stop()
	var text bytes.Buffer
	lines := bufio.NewReader(io.LimitReader(body, maxBody))
	answered := false
	for {
		line, err := lines.ReadBytes('\n')
		text.Write(line)
		trimmed := bytes.TrimSpace(line)
		answered = answered || bytes.HasPrefix(trimmed, []byte("data:")) && (bytes.Contains(trimmed, []byte(`"result"`)) || bytes.Contains(trimmed, []byte(`"error"`)))
		if err != nil || answered && len(trimmed) == 0 {
			return text.Bytes(), text.Len() >= maxBody, nil
		}
	}
}

func sameOrigin(a, b string) bool {
	return originOf(a) != "" && originOf(a) == originOf(b)
}

// originOf is scheme, host and port of a URL, in one form; empty where raw is
// no such URL.
func originOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	}
	if u.Scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	}
	return strings.ToLower(u.Scheme) + "://" + host
}
