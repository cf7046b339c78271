// The everyday payload: one flat JSON object of numbers, words and plain strings.

extension JSONSampleDecoder {
    /// Reads the first `length` bytes of a padded text, which is UTF-8, into `batch`.
    ///
    /// `false` for anything but a flat object without escapes and errors, whatever it may be; then
    /// the batch holds nothing that may be used. The names of the payload before are kept as far as
    /// they come again.
    func readFlat(
        _ text: Span<UInt8>,
        _ length: Int,
        channel: Span<UInt8>,
        into batch: inout SampleBatch
    ) -> Bool {
        prepare(channel, &batch)
        // Out of the batch, so that both can be used at once; nothing is copied.
        var shape = PayloadShape()
        swap(&shape, &batch.shape)
        defer { swap(&shape, &batch.shape) }
        var position = 0
        batch.time = nil
        guard let known = readKnown(text, &position, shape, &batch.entries, &batch.time) else {
            return false
        }
        if known < shape.fields.count { batch.keep(entries: shape.keep(known)) }
        while let value = readGap(text, &position, topic: channel.count, &shape, &batch) {
            guard value else { return text.skipSpace(position) == length }
            guard readLast(text, &position, shape, &batch) else { return false }
        }
        return false
    }

    /// Forgets a shape that is another decoder's, or another channel's.
    private func prepare(_ channel: Span<UInt8>, _ batch: inout SampleBatch) {
        let prefix = channel.isEmpty ? 0 : channel.count + 1
        if batch.shape.decoder == identity, batch.path.count == prefix {
            var i = 0
            while i < channel.count, batch.path[i] == channel[i] { i += 1 }
            if i == channel.count { return }
        }
        batch.removeAll()
        batch.shape.removeAll(for: identity)
        for i in channel.indices { batch.path.append(channel[i]) }
        if prefix > 0 { batch.path.append(UInt8(ascii: ".")) }
    }

    /// Reads the values behind the gaps that are known; returns how many, `nil` if a value is not of
    /// the everyday kind.
    @inline(__always)
    private func readKnown(
        _ text: Span<UInt8>,
        _ position: inout Int,
        _ shape: borrowing PayloadShape,
        _ entries: inout [SampleBatch.Entry],
        _ time: inout Timestamp?
    ) -> Int? {
        let gaps = shape.gaps.span
        let fields = shape.fields.span
        var entries = entries.mutableSpan
        for i in fields.indices {
            let field = fields[i]
            guard gaps.match(field, text, at: position) else { return i }
            position &+= Int(field.length)
            if field.role == PayloadShape.Field.time {
                guard readTime(text, &position, &time) else { return nil }
            } else {
                guard let value = readValue(text, &position) else { return nil }
                if field.role >= 0 { entries[Int(field.role)].value = value }
            }
        }
        return fields.count
    }

    /// Steps over what stands before a value and adds it to the shape, with an entry if it is one;
    /// `false` at the object's end, `nil` for what is not of the everyday kind.
    private func readGap(
        _ text: Span<UInt8>,
        _ position: inout Int,
        topic: Int,
        _ shape: inout PayloadShape,
        _ batch: inout SampleBatch
    ) -> Bool? {
        let start = position
        let isFirst = shape.fields.isEmpty
        position = text.skipSpace(position)
        if isFirst {
            guard text.byte(at: position) == UInt8(ascii: "{") else { return nil }
            position = text.skipSpace(position + 1)
        }
        if text.byte(at: position) == UInt8(ascii: "}") {
            position += 1
            return false
        }
        if !isFirst {
            guard text.byte(at: position) == UInt8(ascii: ",") else { return nil }
            position = text.skipSpace(position + 1)
        }
        guard text.byte(at: position) == UInt8(ascii: "\""),
            let end = text.endOfString(position + 1)
        else { return nil }
        let key = position + 1..<end
        position = text.skipSpace(end + 1)
        guard text.byte(at: position) == UInt8(ascii: ":") else { return nil }
        position = text.skipSpace(position + 1)
        guard let role = addEntry(text.extracting(key), topic: topic, &batch) else { return nil }
        shape.append(text, gap: start..<position, role: role)
        return true
    }

    /// What the value of a key is, and an entry for it if it is a channel's; `nil` if the batch is
    /// full.
    private func addEntry(_ name: Span<UInt8>, topic: Int, _ batch: inout SampleBatch) -> Int32? {
        if !timePath.isEmpty, name.equals(timePath.span) { return PayloadShape.Field.time }
        let isAdded: Bool
        if topic > 0, name.equals(valuePath.span) {
            isAdded = batch.append(.nan, name: name.extracting(0..<0), prefix: topic)
        } else if let chosen, chosen.find(name) == nil {
            return PayloadShape.Field.ignored
        } else {
            isAdded = batch.append(.nan, name: name, prefix: batch.path.count)
        }
        return isAdded ? Int32(batch.entries.count - 1) : nil
    }

    /// Reads the value of the shape's last field.
    private func readLast(
        _ text: Span<UInt8>,
        _ position: inout Int,
        _ shape: borrowing PayloadShape,
        _ batch: inout SampleBatch
    ) -> Bool {
        // By subscript: `last` allocates where nothing is optimised.
        guard shape.fields.count > 0 else { return false }
        let role = shape.fields[shape.fields.count - 1].role
        if role == PayloadShape.Field.time { return readTime(text, &position, &batch.time) }
        guard let value = readValue(text, &position) else { return false }
        if role >= 0 { batch.entries[Int(role)].value = value }
        return true
    }

    /// A number, a word or a string; `nil` for anything else.
    @inline(__always)
    private func readValue(_ text: Span<UInt8>, _ position: inout Int) -> Double? {
        if let (value, end) = DecimalNumber.scan(text, at: position) {
            position = end
            return value
        }
        return readOther(text, &position)
    }

    /// A word, a string, or a number that takes longer.
    private func readOther(_ text: Span<UInt8>, _ position: inout Int) -> Double? {
        if let value = readWord(text, &position) { return value }
        guard text.byte(at: position) == UInt8(ascii: "\"") else {
            guard let (value, end) = DecimalNumber.scan(text, from: position) else { return nil }
            position = end
            return value.isFinite ? value : .nan
        }
        let start = position + 1
        guard let end = text.endOfString(start) else { return nil }
        position = end + 1
        // No number begins with a letter.
        if text.byte(at: start) >= 0x40 { return .nan }
        let value = DecimalNumber.whole(text.extracting(start..<end)) ?? .nan
        return value.isFinite ? value : .nan
    }

    /// What `true`, `false` or `null` stands for, `nil` for anything else.
    private func readWord(_ text: Span<UInt8>, _ position: inout Int) -> Double? {
        let word = text.word(at: position)
        switch word & 0xFFFF_FFFF {
        case 0x6575_7274:
            position += 4
            return 1
        case 0x6C6C_756E:
            position += 4
            return .nan
        case 0x736C_6166 where word >> 32 & 0xFF == UInt64(UInt8(ascii: "e")):
            position += 5
            return 0
        default:
            return nil
        }
    }

    /// A time in any of its forms, or `null`; `false` for anything else.
    @inline(__always)
    private func readTime(
        _ text: Span<UInt8>,
        _ position: inout Int,
        _ time: inout Timestamp?
    ) -> Bool {
        let start = position + 1
        if text.byte(at: position) == UInt8(ascii: "\""), let end = text.endOfString(start),
            let read = Timestamp(iso8601: text.extracting(start..<end))
        {
            time = read
            position = end + 1
            return true
        }
        return readOtherTime(text, &position, &time)
    }

    /// A number since 1970, also in a string, or `null`.
    private func readOtherTime(
        _ text: Span<UInt8>,
        _ position: inout Int,
        _ time: inout Timestamp?
    ) -> Bool {
        if text.byte(at: position) == UInt8(ascii: "n") { return readWord(text, &position) != nil }
        guard text.byte(at: position) != UInt8(ascii: "t"),
            text.byte(at: position) != UInt8(ascii: "f"),
            let value = readValue(text, &position),
            let read = Timestamp(sinceEpoch: value)
        else { return false }
        time = read
        return true
    }
}
