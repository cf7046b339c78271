internal import CTocsinKernels

/// How the members of a message are named, whose numbers are written many at a time:
/// `"name":number,`.
@safe
final class MessageMembers {
    private let text: UnsafeMutablePointer<CChar>
    private let starts: UnsafeMutablePointer<UInt32>
    private let lengths: UnsafeMutablePointer<UInt32>
    /// How many there are.
    let count: Int
    /// The longest message that all of them give.
    let longest: Int

    /// - Parameter names: all that stands before each number
    init(_ names: [[UInt8]]) {
        // Read sixteen bytes at a time.
        let whole = names.map { ($0.count + 15) / 16 * 16 }
        count = names.count
        longest = names.reduce(0) { $0 + $1.count + MessageWriter.longestNumber + 1 }
        unsafe text = .allocate(capacity: max(whole.reduce(0, +), 1))
        unsafe starts = .allocate(capacity: max(names.count, 1))
        unsafe lengths = .allocate(capacity: max(names.count, 1))
        var start = 0
        for (i, name) in names.enumerated() {
            unsafe starts[i] = UInt32(start)
            unsafe lengths[i] = UInt32(name.count)
            for j in 0..<whole[i] {
                unsafe text[start + j] = j < name.count ? CChar(bitPattern: name[j]) : 0
            }
            start += whole[i]
        }
    }

    deinit {
        unsafe text.deallocate()
        unsafe starts.deallocate()
        unsafe lengths.deallocate()
    }

    /// What stands before a number.
    func name(_ member: Int) -> [UInt8] {
        precondition(member >= 0 && member < count)
        let start = unsafe Int(starts[member])
        return unsafe (0..<Int(lengths[member])).map { unsafe UInt8(bitPattern: text[start + $0]) }
    }

    /// The names, as long as their owner lives.
    @safe
    struct View: BitwiseCopyable {
        fileprivate let names: tocsin_names
        fileprivate let count: Int
    }

    var view: View {
        let names = unsafe tocsin_names(text: text, starts: starts, lengths: lengths)
        return unsafe View(names: names, count: count)
    }
}

/// Numbers of one message, rounded together, which takes less time than one by one.
struct RoundedNumbers: ~Copyable {
    private var numbers: [Double] = []
    private var decimals: [tocsin_decimals] = []
    /// How many of them were told.
    private(set) var count = 0

    private static let lanes = Int(TOCSIN_DECIMAL_LANES)

    /// Rounds so many numbers, which `tell` writes.
    @inline(__always)
    mutating func round(_ count: Int, _ tell: (inout MutableSpan<Double>) -> Void) {
        let vectors = (count + Self.lanes - 1) / Self.lanes
        if decimals.count < vectors { makeRoom(vectors) }
        self.count = count
        var span = numbers.mutableSpan
        tell(&span)
        unsafe tocsin_round(numbers, &decimals, vectors)
    }

    private mutating func makeRoom(_ vectors: Int) {
        numbers = Array(repeating: 0, count: vectors * Self.lanes)
        decimals = Array(repeating: tocsin_decimals(), count: vectors)
    }

    /// One of the numbers.
    subscript(i: Int) -> Double { numbers[i] }

    /// Writes members whose numbers were rounded, those that are not above `least` left out, and returns
    /// what is behind them; stops at one that was not rounded, whose name is written.
    @inline(__always)
    fileprivate func write(
        _ members: Range<Int>,
        of names: MessageMembers.View,
        above least: Double,
        to place: UnsafeMutableRawPointer,
        stop: inout Int
    ) -> UnsafeMutableRawPointer {
        precondition(members.upperBound <= min(count, names.count))
        var names = unsafe names.names
        return unsafe UnsafeMutableRawPointer(
            tocsin_write_members(
                place.assumingMemoryBound(to: CChar.self),
                &names,
                numbers,
                decimals,
                least,
                members.lowerBound,
                members.upperBound,
                &stop
            )
        )
    }
}

extension MessageWriter {
    /// Appends members, those whose numbers are not above `least` left out, each with a comma behind
    /// it.
    mutating func append(
        _ members: Range<Int>,
        of names: MessageMembers.View,
        above least: Double = -.infinity,
        _ rounded: borrowing RoundedNumbers
    ) {
        var next = members.lowerBound
        while next < members.upperBound {
            var stop = members.upperBound
            unsafe append { place in
                let end = unsafe rounded.write(
                    next..<members.upperBound,
                    of: names,
                    above: least,
                    to: place,
                    stop: &stop
                )
                return unsafe end - place
            }
            if stop < members.upperBound {
                appendUnusual(rounded[stop])
                append(UInt8(ascii: ","))
            }
            next = stop + 1
        }
    }
}
