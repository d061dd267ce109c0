// Package lifecycle owns the rules about the life of a key: whether it is enabled, when its material expires, and how
// much time there is to take its deletion back.
package lifecycle
