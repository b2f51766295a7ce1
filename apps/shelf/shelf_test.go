package shelf

import (
	"fmt"
	"testing"
	"time"
)

func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func TestOfTooManyPeopleTheOneAwayLongestStartsAnew(t *testing.T) {
	s := New(2, noon, Item{ID: "first", Title: "The first"})
	finish := func(it *Item) { it.Done = true }
	s.Change("ada", "first", finish)
	s.Change("bob", "first", finish)
	s.Items("ada")
	s.Items("eve") // bob was away longest
	if !s.Items("ada")[0].Done {
		t.Error("ada, who was here, lost her list")
	}
	if s.Items("bob")[0].Done {
		t.Error("bob, who was away longest, is still remembered")
	}
	if len(s.people) != 2 || s.recent.Len() != 2 {
		t.Errorf("%d people are kept", len(s.people))
	}
}

func TestWhatIsAddedStandsFirstAndOnce(t *testing.T) {
	s := New(2, noon, Item{ID: "first"})
	s.Add("ada", Item{ID: "second"})
	s.Add("ada", Item{ID: "first", Title: "again"})
	if got := fmt.Sprint(s.Items("ada")); got != "[[ ]  (id: second) [ ]  (id: first)]" {
		t.Error(got)
	}
	if len(s.Items("bob")) != 1 {
		t.Error("what ada added is on bob's list")
	}
	for i := range maxItems {
		s.Add("ada", Item{ID: fmt.Sprint(i)})
	}
	if got := s.Items("ada"); len(got) != maxItems || got[0].ID != fmt.Sprint(maxItems-1) {
		t.Errorf("%d items are kept, the first is %s", len(got), got[0].ID)
	}
}
