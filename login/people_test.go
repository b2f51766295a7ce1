package login

import (
	"context"
	"sync"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// memory is People in a map, for tests that count what was asked of it.
type memory struct {
	mu      sync.Mutex
	people  map[string]oauth.Person
	lookups int
	fail    error
}

func (m *memory) AddPerson(_ context.Context, p oauth.Person) error { return m.add(p, false) }

func (m *memory) AddFirstPerson(_ context.Context, p oauth.Person) error { return m.add(p, true) }

func (m *memory) add(p oauth.Person, first bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if first && len(m.people) > 0 {
		return store.ErrExists
	}
	for _, other := range m.people {
		if other.Username == p.Username {
			return store.ErrExists
		}
	}
	if m.people == nil {
		m.people = map[string]oauth.Person{}
	}
	m.people[p.ID] = p
	return nil
}

func (m *memory) Person(_ context.Context, id string) (oauth.Person, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.people[id]
	if !ok {
		return p, store.ErrNotFound
	}
	return p, nil
}

func (m *memory) PersonByUsername(_ context.Context, username string) (oauth.Person, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lookups++
	if m.fail != nil {
		return oauth.Person{}, m.fail
	}
	for _, p := range m.people {
		if p.Username == username {
			return p, nil
		}
	}
	return oauth.Person{}, store.ErrNotFound
}

func (m *memory) SetPassword(_ context.Context, id, hash string) error {
	return m.change(id, func(p *oauth.Person) { p.PasswordHash = hash })
}

func (m *memory) change(id string, change func(*oauth.Person)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.people[id]
	if !ok {
		return store.ErrNotFound
	}
	change(&p)
	m.people[id] = p
	return nil
}

func (m *memory) Rehash(_ context.Context, id, from, to string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.people[id]
	if !ok || p.PasswordHash != from {
		return false, nil
	}
	p.PasswordHash = to
	m.people[id] = p
	return true, nil
}
