package config

import "cmp"

// builtIn is what the scopes and tools of a built-in server are where the settings
// name none. They are declared where the servers are, which cannot be imported
// here; a test of the command holds that both say the same.
func (r *Resource) builtIn() {
	switch r.BuiltIn {
	case "demo":
		r.demo()
	case "chess":
		r.chess()
	}
}

func (r *Resource) demo() {
	r.Title = cmp.Or(r.Title, "Sallyport demo")
	r.Scopes = []Scope{
		{Name: "demo:read", Title: "See who you are and read the demo's items", Default: true},
		{Name: "demo:write", Title: "Act on the demo's items"},
	}
	for _, name := range []string{"echo", "whoami", "get-items", "count-slowly"} {
		r.Tools = append(r.Tools, Tool{Name: name, Scopes: []string{"demo:read"}})
	}
	r.Tools = append(r.Tools, Tool{Name: "perform-item-action", Scopes: []string{"demo:write"}})
}

func (r *Resource) chess() {
	r.Title = cmp.Or(r.Title, "Chess")
	r.Scopes = []Scope{{Name: "chess:play", Title: "Play your game of chess", Description: "See it, make moves in it, start it anew.", Default: true}}
	for _, name := range []string{"new_game", "status", "reset"} {
		r.Tools = append(r.Tools, Tool{Name: name, Scopes: []string{"chess:play"}})
	}
	// With a position they are about nobody; without one the server itself asks
	// who calls.
	for _, name := range []string{"apply_move", "engine_move", "analyze", "legal_moves", "load_puzzle", "check_puzzle_move"} {
		r.Tools = append(r.Tools, Tool{Name: name, Public: true})
	}
}
