// Package houserules holds the rules of the house as tests: who may import
// whom, how large things get, how standards are cited, which words and habits
// are left at the door. It has no code of its own.
//
// imports.txt is the policy of the imports, third-party modules included: a new
// dependency is one line there, which nobody can miss. exceptions.txt names
// what may depart from the other rules, each with its reason. Both are tables
// to be read by people first.
package houserules
