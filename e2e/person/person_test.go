package person

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// door is the pages of a sign-in, no more than a person needs.
func door(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("session"); err != nil {
			http.Redirect(w, r, "/login?ix=a%26b", http.StatusSeeOther)
			return
		}
		http.Redirect(w, r, "/consent?ix=a%26b", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<!doctype html><html lang=en><meta charset=utf-8><title>Sign in</title>
<form method=post action="/upstream"><button>Continue&nbsp;elsewhere</button></form>
<form method=post action="/login"><input type=hidden name=ix value="%s"><br>
<input name=username required><input type=password name=password></form>`, template.HTMLEscapeString(r.FormValue("ix")))
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("username") != "ada" || r.FormValue("password") != "correct" || r.FormValue("ix") != "a&b" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<h1>They do not go together</h1>`)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
		http.Redirect(w, r, "/authorize", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /consent", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<form method="post" action="consent"><input type="checkbox" name="scope" value="read" checked>
<input type="checkbox" name="scope" value="write"><button name="decision" value="deny">Deny</button>
<button name="decision" value="allow">Allow</button></form>`)
	})
	mux.HandleFunc("POST /consent", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		http.Redirect(w, r, "http://client.example/cb?"+r.PostForm.Encode(), http.StatusSeeOther)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

func TestAPersonSignsInOnceAndAnswers(t *testing.T) {
	srv := door(t)
	ada, err := New(srv.URL, "ada", "correct")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ada.Allow(t.Context(), srv.URL+"/authorize")
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"decision": {"allow"}, "scope": {"read", "write"}}.Encode()
	if got.Host != "client.example" || got.RawQuery != want {
		t.Errorf("left to %s", got)
	}
	ada.Leaves = []string{"write"}
	if got, err = ada.Deny(t.Context(), srv.URL+"/authorize"); err != nil || got.RawQuery != "decision=deny&scope=read" {
		t.Errorf("left to %s, %v", got, err)
	}
	if fmt.Sprint(ada.Seen) != "[/login /consent /consent]" {
		t.Errorf("saw %v", ada.Seen)
	}
}

func TestAPersonStopsAtAPageThatLeadsNowhere(t *testing.T) {
	srv := door(t)
	eve, err := New(srv.URL, "eve", "wrong")
	if err != nil {
		t.Fatal(err)
	}
	_, err = eve.Allow(t.Context(), srv.URL+"/authorize")
	if !errors.Is(err, ErrStopped) {
		t.Errorf("got %v", err)
	}
}
