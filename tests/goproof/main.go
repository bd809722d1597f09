// Goproof checks what Yizhan hands out, without any of Yizhan's code.
//
// It is written from the public specifications alone: C2SP signed-note, tlog-checkpoint, tlog-cosignature,
// tlog-tiles and tlog-proof, on top of golang.org/x/mod/sumdb (note, tlog). A mistake that our writers and
// readers share would pass our own tests; it does not pass here.
//
//	goproof checkpoint VKEY FILE
//	goproof receipt VKEY COSIGNER FILE
//	goproof proof VKEY COSIGNER FILE [PAYLOAD]
//	goproof tiles VKEY COSIGNER DIR
//
// COSIGNER `-` asks for the log's own signature only. One JSON object on one line goes to standard output.
// Exit status: 0 everything holds, 1 something does not, 2 wrong usage.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type result map[string]interface{}

func main() {
	args := os.Args[1:]
	if len(args) < 1 {
		usage()
	}
	var found result
	var err error
	switch command, args := args[0], args[1:]; {
	case command == "checkpoint" && len(args) == 2:
		found, _, err = readCheckpoint(args[0], "-", args[1])
	case command == "receipt" && len(args) == 3:
		found, _, err = readCheckpoint(args[0], args[1], args[2])
	case command == "proof" && (len(args) == 3 || len(args) == 4):
		found, err = proof(args[0], args[1], args[2], args[3:])
	case command == "tiles" && len(args) == 3:
		found, err = tiles(args[0], args[1], args[2])
	default:
		usage()
	}
	if err != nil {
		found = result{"error": err.Error()}
	}
	found["ok"] = err == nil
	line, _ := json.Marshal(found)
	fmt.Println(string(line))
	if err != nil {
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: goproof checkpoint VKEY FILE | receipt VKEY COSIGNER FILE |"+
		" proof VKEY COSIGNER FILE [PAYLOAD] | tiles VKEY COSIGNER DIR")
	os.Exit(2)
}

// A cosigner verifies the signature type 0x04 of C2SP tlog-cosignature, which x/mod does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	time uint64 // of the last signature that verified
}

func newCosigner(vkey string) (*cosigner, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	keyid, data, _ := strings.Cut(rest, "+")
	hash, err1 := strconv.ParseUint(keyid, 16, 32)
	key, err2 := base64.StdEncoding.Strict().DecodeString(data)
	if err1 != nil || err2 != nil || len(keyid) != 8 || len(key) != 33 || key[0] != 0x04 {
		return nil, errors.New("malformed cosigner key")
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	if binary.BigEndian.Uint32(sum[:4]) != uint32(hash) {
		return nil, errors.New("cosigner key id does not match")
	}
	return &cosigner{name: name, hash: uint32(hash), key: ed25519.PublicKey(key[1:])}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	c.time = binary.BigEndian.Uint64(sig)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", c.time, text)
	return ed25519.Verify(c.key, []byte(message), sig[8:])
}

// A head is what a checkpoint says.
type head struct {
	size int64
	root tlog.Hash
}

func readCheckpoint(vkey, cosignerKey, file string) (result, head, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, head{}, err
	}
	return openCheckpoint(vkey, cosignerKey, raw)
}

func openCheckpoint(vkey, cosignerKey string, raw []byte) (result, head, error) {
	log, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, head{}, err
	}
	required := []note.Verifier{log}
	var witness *cosigner
	if cosignerKey != "-" {
		if witness, err = newCosigner(cosignerKey); err != nil {
			return nil, head{}, err
		}
		required = append(required, witness)
	}
	opened, err := note.Open(raw, note.VerifierList(required...))
	if err != nil {
		return nil, head{}, err
	}
	if len(opened.Sigs) != len(required) {
		return nil, head{}, errors.New("a required signature is missing")
	}
	found, h, err := parseCheckpoint(opened.Text, log.Name())
	if err == nil && witness != nil {
		found["time"] = witness.time
	}
	return found, h, err
}

func parseCheckpoint(text, name string) (result, head, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return nil, head{}, errors.New("malformed checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || lines[1] != strconv.FormatInt(size, 10) {
		return nil, head{}, errors.New("malformed checkpoint size")
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return nil, head{}, err
	}
	if lines[0] != name {
		return nil, head{}, fmt.Errorf("checkpoint of %q signed by %q", lines[0], name)
	}
	return result{"origin": lines[0], "size": size, "root": lines[2]}, head{size, root}, nil
}

func parseHash(text string) (tlog.Hash, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != tlog.HashSize {
		return tlog.Hash{}, errors.New("malformed hash")
	}
	var hash tlog.Hash
	copy(hash[:], raw)
	return hash, nil
}

func proof(vkey, cosignerKey, file string, payload []string) (result, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	top, checkpoint, ok := bytes.Cut(raw, []byte("\n\n"))
	lines := strings.Split(string(top), "\n")
	if !ok || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" ||
		!strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return nil, errors.New("malformed proof file")
	}
	entry, err := base64.StdEncoding.Strict().DecodeString(lines[1][len("extra "):])
	if err != nil {
		return nil, errors.New("malformed extra data")
	}
	digits := lines[2][len("index "):]
	index, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || digits != strconv.FormatInt(index, 10) {
		return nil, errors.New("malformed index")
	}
	var path tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := parseHash(line)
		if err != nil {
			return nil, err
		}
		path = append(path, hash)
	}
	found, h, err := openCheckpoint(vkey, cosignerKey, checkpoint)
	if err != nil {
		return nil, err
	}
	leaf := tlog.RecordHash(entry)
	if err := tlog.CheckRecord(path, h.size, h.root, index, leaf); err != nil {
		return nil, err
	}
	found["index"], found["leaf"] = index, fmt.Sprintf("%x", leaf[:])
	if len(payload) == 1 {
		found["payload"] = true
		return found, checkPayload(entry, payload[0])
	}
	return found, nil
}

// checkPayload holds a file against the entry's last line, `payload <size> <base64 SHA-256>`.
func checkPayload(entry []byte, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	line := fmt.Sprintf("\npayload %d %s\n", len(raw), base64.StdEncoding.EncodeToString(sum[:]))
	if !bytes.HasSuffix(entry, []byte(line)) {
		return errors.New("the payload is not the entry's")
	}
	return nil
}

func tiles(vkey, cosignerKey, dir string) (result, error) {
	found, h, err := readCheckpoint(vkey, cosignerKey, filepath.Join(dir, "checkpoint"))
	if err != nil {
		return nil, err
	}
	stored, err := hashEntries(dir, h.size)
	if err != nil {
		return nil, err
	}
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, i := range indexes {
			hashes = append(hashes, stored[i])
		}
		return hashes, nil
	})
	root := tlog.Hash(sha256.Sum256(nil)) // of the empty tree, where x/mod has zeros
	if h.size > 0 {
		if root, err = tlog.TreeHash(h.size, reader); err != nil {
			return nil, err
		}
	}
	if root != h.root {
		return nil, errors.New("the entries do not make the signed root")
	}
	count, err := compareTiles(dir, h.size, reader)
	found["tiles"] = count
	return found, err
}

// hashEntries reads all bundles of entries and returns the tree's hashes in x/mod's order.
func hashEntries(dir string, size int64) ([]tlog.Hash, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, i := range indexes {
			hashes = append(hashes, stored[i])
		}
		return hashes, nil
	})
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		raw, err := os.ReadFile(filepath.Join(dir, c2spPath(tlog.Tile{H: 8, L: -1, N: n, W: int(width)})))
		if err != nil {
			return nil, err
		}
		for i := int64(0); i < width; i++ {
			if len(raw) < 2 || len(raw) < 2+int(binary.BigEndian.Uint16(raw)) {
				return nil, errors.New("an entry bundle is cut off")
			}
			end := 2 + int(binary.BigEndian.Uint16(raw))
			hashes, err := tlog.StoredHashes(n*256+i, raw[2:end], reader)
			if err != nil {
				return nil, err
			}
			stored, raw = append(stored, hashes...), raw[end:]
		}
		if len(raw) != 0 {
			return nil, errors.New("an entry bundle is too long")
		}
	}
	return stored, nil
}

// compareTiles recomputes every tile that a tree of this size has; there must be no other file.
func compareTiles(dir string, size int64, reader tlog.HashReader) (int, error) {
	expected := map[string]bool{}
	needed := tlog.NewTiles(8, 0, size)
	for i, tile := range needed {
		if i+1 < len(needed) && needed[i+1].L == tile.L && needed[i+1].N == tile.N {
			continue // x/mod lists every width up to the tree's; the specification asks for the last
		}
		data, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			return 0, err
		}
		path := c2spPath(tile)
		raw, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(raw, data) {
			return 0, fmt.Errorf("%s holds other hashes", path)
		}
		expected[path] = true
	}
	count := len(expected)
	err := filepath.WalkDir(filepath.Join(dir, "tile"), func(path string, d fs.DirEntry, err error) error {
		if err != nil && size == 0 && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if !expected[name] && !strings.HasPrefix(name, "tile/entries/") {
			return fmt.Errorf("%s is no tile of this tree", name)
		}
		return err
	})
	return count, err
}

// c2spPath names a tile as tlog-tiles does: without the height, and with `entries` for what x/mod calls `data`.
func c2spPath(tile tlog.Tile) string {
	path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	return strings.Replace(path, "tile/data/", "tile/entries/", 1)
}
