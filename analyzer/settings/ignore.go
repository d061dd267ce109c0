package settings

import "github.com/bmatcuk/doublestar/v4"

// Ignores tells whether a path, relative to the repository's root and with slashes, matches one of
// IgnoredPaths. A broken pattern matches nothing: decoding has refused it with its line.
func (s Settings) Ignores(path string) bool {
	for _, pattern := range s.IgnoredPaths {
		if ok, err := doublestar.Match(pattern, path); err == nil && ok {
			return true
		}
	}
	return false
}
