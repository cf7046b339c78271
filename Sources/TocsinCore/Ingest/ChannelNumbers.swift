/// Which channels of a model a batch's values belong to; found once for payloads that look alike.
struct ChannelNumbers: Sendable {
    /// The channel of each value, −1 for one that the model does not know.
    private(set) var numbers: [Int32] = []
    /// Whether the model knows any of them, and whether it knows all.
    private(set) var areSomeKnown = false
    private(set) var areAllKnown = true
    private var revision: UInt64 = 0
    private var table: UInt64 = 0

    /// Whether the names and the table are those of the time before.
    func holds(_ batch: borrowing SampleBatch, for table: UInt64) -> Bool {
        revision == batch.revision && self.table == table
            && numbers.count == batch.entries.count
    }

    /// Looks all names up.
    mutating func find(_ batch: borrowing SampleBatch, in table: borrowing NameTable) {
        revision = batch.revision
        self.table = table.identity
        numbers.removeAll(keepingCapacity: true)
        areSomeKnown = false
        areAllKnown = true
        for i in batch.entries.indices {
            let name = batch.names.span.extracting(batch.entries[i].name)
            let number = table.find(name)
            numbers.append(Int32(number ?? -1))
            if number == nil { areAllKnown = false } else { areSomeKnown = true }
        }
    }
}
