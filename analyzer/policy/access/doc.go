// Package access owns the meaning of key policies: whom a statement names, what it allows, whether its conditions
// limit who calls, whether a document can be judged as a whole, and what differs between two documents.
//
// Everything here is about the key policy alone. What IAM policies, grants, service control policies and endpoint
// policies add or take away is outside the repository.
//
// Whoever judges by absence (nobody may administer the key) needs Complete. Whoever judges by presence (everyone may
// decrypt) needs only the statement, and Denied. A document with Alternatives has no statements of its own: judge
// each of them, something holds only where it holds for all.
package access
