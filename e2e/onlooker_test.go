package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-dev/sallyport/e2e/person"
)

// An onlooker reads what a command-line client writes, and sends the person to
// the authorization URLs in it: the client prints them for someone to open.
type onlooker struct {
	ctx     context.Context
	visitor *person.Person
	pattern *regexp.Regexp
	text    transcript
	visits  sync.WaitGroup

	mu     sync.Mutex
	read   int // how much of text was searched, whole lines
	count  int
	failed []error
}

func (d *door) onlooker(t *testing.T, visitor *person.Person) *onlooker {
	o := &onlooker{ctx: t.Context(), visitor: visitor,
		pattern: regexp.MustCompile(regexp.QuoteMeta(d.URL) + `/oauth/authorize\?[^\s"'<>\x1b\x07]+`)}
	t.Cleanup(func() {
		o.visits.Wait()
		for _, err := range o.failed {
			t.Errorf("the person: %v", err)
		}
		if t.Failed() {
			t.Logf("what the client wrote:\n%s", &o.text)
		}
	})
	return o
}

func (o *onlooker) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, _ = o.text.Write(b)
	all := o.text.String()
	end := strings.LastIndexByte(all, '\n') + 1
	for _, u := range o.pattern.FindAllString(all[min(o.read, end):end], -1) {
		o.count++
		o.visits.Go(func() { o.visit(u) })
	}
	o.read = max(o.read, end)
	return len(b), nil
}

// sent takes an authorization URL that the client had a browser open.
func (o *onlooker) sent(u string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count++
	o.visits.Go(func() { o.visit(u) })
}

func (o *onlooker) visit(authorizationURL string) {
	back, err := o.visitor.Allow(o.ctx, authorizationURL)
	if err == nil {
		_, err = o.visitor.Deliver(o.ctx, back)
	}
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.failed = append(o.failed, fmt.Errorf("%s: %w", authorizationURL, err))
	}
}

// asked is how often the person was sent to an authorization URL.
func (o *onlooker) asked() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.count
}
