package quote

import "strings"

// Piece is a part of a sentence, as code or not.
type Piece struct {
	Code bool
	Text string
}

// Pieces takes a sentence apart at its code spans, for a place that renders no Markdown and escapes by itself.
func Pieces(s string) []Piece {
	var all []Piece
	s = Visible(strings.TrimSpace(s))
	for s != "" {
		open := strings.IndexByte(s, '`')
		if open < 0 {
			break
		}
		run := len(s[open:]) - len(strings.TrimLeft(s[open:], "`"))
		end := closing(s[open+run:], run)
		if end < 0 {
			break
		}
		all = append(all, Piece{Text: s[:open]}, Piece{true, strings.TrimSpace(s[open+run : open+run+end])})
		s = s[open+2*run+end:]
	}
	return append(all, Piece{Text: s})
}
