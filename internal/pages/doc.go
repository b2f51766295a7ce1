// Package pages draws every page that a person sees: one struct and one method
// per page, html/template, a stylesheet, and one small script, which puts a Copy
// button beside what is there to be copied. Every page works without it.
//
// A page is handed what it shows and where its forms go; it reads no request,
// no store and no clock, and decides nothing. What strangers chose (the name of
// a client, the host of a redirect URI) is made visible before it is shown:
// see [Visible], [LookAlike] and [Host].
//
// Forms carry what the structs give them: the hidden fields are ix (the sealed
// interaction), csrf, and on the pages about one grant, grant. The other fields
// are username, password, name, scope (any number) and decision (allow or deny).
package pages
