// Package fix owns edits of configuration files that keep everything else as it is, and the proof that an edit
// cures: it is applied, the file parsed and formatted, and the rules run again before anybody sees it.
package fix
