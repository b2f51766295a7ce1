package authserver_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// An answer is what a request got.
type answer struct {
	method, path string // of the request
	status       int
	header       http.Header
	body         string
}

func (a *answer) String() string {
	if a == nil {
		return "none"
	}
	return fmt.Sprintf("%d %s %s", a.status, a.header.Get("Location"), a.body)
}

func read(r *http.Request, res *http.Response) (*answer, error) {
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return &answer{r.Method, r.URL.Path, res.StatusCode, res.Header, string(body)}, err
}

// request makes the request of a line such as "POST /token a=b c=d".
func (s *scene) request(method, rest string) (*http.Request, error) {
	path, words, _ := strings.Cut(rest, " ")
	form, err := pairs(words)
	if err != nil {
		return nil, err
	}
	target := s.url + strings.TrimPrefix(path, s.setting.issuer)
	body := s.body
	if encoded := form.Encode(); method == "POST" && body == "" {
		body = encoded
	} else if encoded != "" {
		target += "?" + encoded
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if s.address != "" {
		r.Header.Set(fromHeader, s.address)
	}
	for name, values := range s.headers {
		r.Header[name] = values
	}
	if host := s.headers.Get("Host"); host != "" {
		r.Host = host
	}
	return r, nil
}

// ask sends one request, with what header and body lines prepared.
func (s *scene) ask(method, rest string) error {
	r, err := s.request(method, rest)
	if err != nil {
		return err
	}
	s.headers, s.body = http.Header{}, ""
	res, err := s.browser().Do(r)
	if err != nil {
		return err
	}
	if s.last, err = read(r, res); err != nil {
		return err
	}
	s.keepSecrets(s.last)
	return s.manners(s.last)
}

// askAtOnce sends many of the same request at the same moment.
func (s *scene) askAtOnce(rest string) error {
	var n int
	var method string
	if _, err := fmt.Sscanf(rest, "%d %s", &n, &method); err != nil {
		return err
	}
	_, rest, _ = strings.Cut(rest, method+" ")
	requests := make([]*http.Request, n)
	for i := range requests {
		var err error
		if requests[i], err = s.request(method, rest); err != nil {
			return err
		}
	}
	s.headers, s.body = http.Header{}, ""
	answers, err := s.atOnce(requests)
	if err != nil {
		return err
	}
	s.statuses, s.bodies = map[int]int{}, nil
	for _, a := range answers {
		s.statuses[a.status]++
		s.bodies = append(s.bodies, a.body)
		s.last = a
		s.keepSecrets(a)
		if err := s.manners(a); err != nil {
			return err
		}
	}
	return nil
}

// atOnce lets go of all requests at the same moment, from programs without cookies.
func (s *scene) atOnce(requests []*http.Request) ([]*answer, error) {
	answers, errs := make([]*answer, len(requests)), make([]error, len(requests))
	start := make(chan struct{})
	var all sync.WaitGroup
	for i, r := range requests {
		all.Go(func() {
			<-start
			res, err := s.client().Do(r)
			if err == nil {
				answers[i], err = read(r, res)
			}
			errs[i] = err
		})
	}
	close(start)
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return answers, nil
}
