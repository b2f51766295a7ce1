package authserver_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestScripts plays every file of testdata: the protocol as text that someone
// who knows OAuth, and no Go, can review. testdata/README.md is the language.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			play(t, file)
		})
	}
}

// play runs one script against one server of its own.
func play(t *testing.T, file string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := newScene(t)
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.do(s.expand(line)); err != nil {
			t.Fatalf("%s:%d: %s\n\t%v\n\tthe last answer was %s", file, n, line, err, s.last)
		}
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
}

// An answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a *answer) String() string {
	if a == nil {
		return "none"
	}
	return fmt.Sprintf("%d %s %s", a.status, a.header.Get("Location"), a.body)
}

func read(res *http.Response) (*answer, error) {
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return &answer{res.StatusCode, res.Header, string(body)}, err
}

// do performs one line: a verb and what follows it.
func (s *scene) do(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if check, ok := checks[verb]; ok {
		if s.last == nil && verb != "statuses" {
			return fmt.Errorf("nothing was asked yet")
		}
		return check(s, rest)
	}
	act, ok := acts[verb]
	if !ok {
		return fmt.Errorf("no such verb: %s", verb)
	}
	return act(s, rest)
}

// request makes the request of a line such as "POST /token a=b c=d".
func (s *scene) request(method, rest string) (*http.Request, error) {
	path, words, _ := strings.Cut(rest, " ")
	form, err := pairs(words)
	if err != nil {
		return nil, err
	}
	target := s.url + path
	body := s.body
	if encoded := form.Encode(); method == "POST" && body == "" {
		body = encoded
	} else if encoded != "" {
		target += "?" + encoded
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
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
	s.last, err = read(res)
	return err
}

// askAtOnce sends many of the same request at the same moment.
func (s *scene) askAtOnce(rest string) error {
	var n int
	var method string
	if _, err := fmt.Sscanf(rest, "%d %s", &n, &method); err != nil {
		return err
	}
	_, rest, _ = strings.Cut(rest, method+" ")
	s.statuses = map[int]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	errs := make(chan error, n)
	start := make(chan struct{})
	for range n {
		r, err := s.request(method, rest)
		if err != nil {
			return err
		}
		all.Go(func() {
			<-start
			res, err := s.client().Do(r)
			if err != nil {
				errs <- err
				return
			}
			got, err := read(res)
			mu.Lock()
			defer mu.Unlock()
			s.statuses[got.status]++
			s.bodies = append(s.bodies, got.body)
			if err != nil {
				errs <- err
			}
		})
	}
	close(start)
	all.Wait()
	close(errs)
	return <-errs
}
