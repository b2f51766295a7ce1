// Package shelf keeps a few items for each person, in memory: for servers that
// have something to show before they have a store.
package shelf

import (
	"container/list"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// MaxTitle bounds what a person can have us remember, in characters.
const MaxTitle = 200

// An Item is one line on a person's list.
type Item struct {
	ID      string `json:"id" jsonschema:"what perform-item-action takes"`
	Title   string `json:"title"`
	Done    bool   `json:"done"`
	Changed string `json:"changed,omitempty" jsonschema:"when it was last changed, RFC 3339; absent if never"`
}

// A Shelf keeps the items of each person, in memory, for a bounded number of
// people: of more, whoever was away longest starts anew.
type Shelf struct {
	max   int
	now   func() time.Time
	first []Item

	mu     sync.Mutex
	people map[string]*list.Element // by subject; values are *person
	recent *list.List               // most recently seen first
}

type person struct {
	subject string
	items   []Item
}

// New returns a shelf for so many people, on which everybody finds first.
func New(people int, now func() time.Time, first ...Item) *Shelf {
	return &Shelf{max: people, now: now, first: first, people: map[string]*list.Element{}, recent: list.New()}
}

// Items returns a copy of the person's list.
func (s *Shelf) Items(subject string) []Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.person(subject).items)
}

// Change applies an action to one item and returns it, and whether there is
// such an item.
func (s *Shelf) Change(subject, id string, act func(*Item)) (Item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.person(subject)
	i := slices.IndexFunc(p.items, func(it Item) bool { return it.ID == id })
	if i < 0 {
		return Item{}, false
	}
	before := p.items[i]
	act(&p.items[i])
	if p.items[i] != before {
		p.items[i].Changed = s.now().UTC().Format(time.RFC3339)
	}
	return p.items[i], true
}

// person finds or makes; the caller holds the lock.
func (s *Shelf) person(subject string) *person {
	if e, ok := s.people[subject]; ok {
		s.recent.MoveToFront(e)
		return e.Value.(*person)
	}
	p := &person{subject: subject, items: slices.Clone(s.first)}
	s.people[subject] = s.recent.PushFront(p)
	for s.recent.Len() > s.max {
		oldest := s.recent.Remove(s.recent.Back()).(*person)
		delete(s.people, oldest.subject)
	}
	return p
}

// maxItems is how many items a person can have.
const maxItems = 200

// Add puts an item before the others, unless one of its id is there. Of too many
// the last goes.
func (s *Shelf) Add(subject string, it Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.person(subject)
	if slices.ContainsFunc(p.items, func(other Item) bool { return other.ID == it.ID }) {
		return
	}
	p.items = slices.Insert(p.items, 0, it)
	p.items = p.items[:min(len(p.items), maxItems)]
}

// String is the item as people read it.
func (it Item) String() string {
	box := "[ ]"
	if it.Done {
		box = "[x]"
	}
	return fmt.Sprintf("%s %s (id: %s)", box, it.Title, it.ID)
}

// CleanTitle returns the title as it is kept, and false if it is empty, too
// long or holds control characters.
func CleanTitle(title string) (string, bool) {
	title = strings.TrimSpace(title)
	n := utf8.RuneCountInString(title)
	control := strings.ContainsFunc(title, func(r rune) bool { return r < ' ' || r == 0x7f })
	return title, n > 0 && n <= MaxTitle && !control && utf8.ValidString(title)
}
