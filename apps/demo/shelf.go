package demo

import (
	"container/list"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// maxTitle bounds what a person can have us remember, in characters.
const maxTitle = 200

// An item is one line on a person's list.
type item struct {
	ID      string `json:"id" jsonschema:"what perform-item-action takes"`
	Title   string `json:"title"`
	Done    bool   `json:"done"`
	Changed string `json:"changed,omitempty" jsonschema:"when it was last changed, RFC 3339; absent if never"`
}

// A shelf keeps the items of each person, in memory, for a bounded number of
// people: of more, whoever was away longest starts anew.
type shelf struct {
	max int
	now func() time.Time

	mu     sync.Mutex
	people map[string]*list.Element // by subject; values are *person
	recent *list.List               // most recently seen first
}

type person struct {
	subject string
	items   []item
}

func newShelf(people int, now func() time.Time) *shelf {
	return &shelf{max: people, now: now, people: map[string]*list.Element{}, recent: list.New()}
}

// items returns a copy of the person's list.
func (s *shelf) items(subject string) []item {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.person(subject).items)
}

// change applies an action to one item and returns it, and whether there is
// such an item.
func (s *shelf) change(subject, id string, act func(*item)) (item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.person(subject)
	i := slices.IndexFunc(p.items, func(it item) bool { return it.ID == id })
	if i < 0 {
		return item{}, false
	}
	before := p.items[i]
	act(&p.items[i])
	if p.items[i] != before {
		p.items[i].Changed = s.now().UTC().Format(time.RFC3339)
	}
	return p.items[i], true
}

// person finds or makes; the caller holds the lock.
func (s *shelf) person(subject string) *person {
	if e, ok := s.people[subject]; ok {
		s.recent.MoveToFront(e)
		return e.Value.(*person)
	}
	p := &person{subject: subject, items: firstItems()}
	s.people[subject] = s.recent.PushFront(p)
	for s.recent.Len() > s.max {
		oldest := s.recent.Remove(s.recent.Back()).(*person)
		delete(s.people, oldest.subject)
	}
	return p
}

func firstItems() []item {
	return []item{
		{ID: "connect", Title: "Connect a client to this server", Done: true},
		{ID: "whoami", Title: "Ask who is signed in, with whoami"},
		{ID: "complete", Title: "Complete this item, with perform-item-action"},
		{ID: "withdraw", Title: "Withdraw the client's permission on the account page"},
	}
}

// cleanTitle returns the title as it is kept, and false if it is empty, too
// long or holds control characters.
func cleanTitle(title string) (string, bool) {
	title = strings.TrimSpace(title)
	n := utf8.RuneCountInString(title)
	control := strings.ContainsFunc(title, func(r rune) bool { return r < ' ' || r == 0x7f })
	return title, n > 0 && n <= maxTitle && !control && utf8.ValidString(title)
}
